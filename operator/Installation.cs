// What must be in the cluster before the first reconcile, and who we are.
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Reconcilers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator;

/// <summary>
/// Makes the system namespace, the ingress Service and the two provisioners where they are missing. In a cluster the
/// manifests bring them and the operator has no right to; then being refused is no failure.
/// </summary>
internal sealed partial class Installation(
    ClusterClient client, string systemNamespace, bool coexists, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(2);

    /// <summary>Waits for the API server and returns the uid that marks our entities on the bus.</summary>
    public async Task<string> EnsureAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await TryAsync(cancellationToken);
            }
            catch (HttpRequestException error)
            {
                Log.Waiting(logger, error.Message);
                await Task.Delay(RetryInterval, time, cancellationToken);
            }
        }
    }

    private async Task<string> TryAsync(CancellationToken cancellationToken)
    {
        var own = await EnsureAsync(
            ResourceTypes.Namespace, new ResourceKey("", systemNamespace), null, cancellationToken);
        await EnsureAsync(
            ResourceTypes.Service,
            new ResourceKey(systemNamespace, "broker-ingress"),
            new JsonObject
            {
                ["selector"] = new JsonObject { ["app.kubernetes.io/component"] = "functions" },
                ["ports"] = new JsonArray(new JsonObject
                {
                    ["name"] = "http",
                    ["port"] = 80,
                    ["protocol"] = "TCP",
                    ["targetPort"] = 8080,
                }),
            },
            cancellationToken);
        string[] provisioners = coexists ? [] : [ProvisionerReconciler.ServiceBus, ProvisionerReconciler.InMemory];
        foreach (var name in provisioners)
        {
            await EnsureAsync(
                ResourceTypes.Provisioner, new ResourceKey("", name), new JsonObject(), cancellationToken);
        }

        // kube-system lives as long as its cluster, also over an uninstall and install of ours.
        var cluster = await client.GetAsync(
            ResourceTypes.Namespace, new ResourceKey("", "kube-system"), cancellationToken);
        return cluster.Object?.Uid is { Length: > 0 } uid ? uid
            : own?.Uid
            ?? throw new HttpRequestException($"Namespace {systemNamespace} is missing and cannot be made.");
    }

    private async Task<Resource?> EnsureAsync(
        ResourceType type, ResourceKey key, JsonObject? spec, CancellationToken cancellationToken)
    {
        var present = await client.GetAsync(type, key, cancellationToken);
        if (present.Object is not null)
        {
            return present.Object;
        }

        var metadata = new JsonObject { ["name"] = key.Name };
        if (type.Namespaced)
        {
            metadata["namespace"] = key.Namespace;
        }

        var json = new JsonObject { ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["metadata"] = metadata };
        if (spec is not null)
        {
            json["spec"] = spec;
        }

        var made = await client.CreateAsync(type, json, cancellationToken);
        if (!made.IsSuccess)
        {
            Log.NotMade(logger, type.Kind, key, made.Message);
        }

        return made.Object;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for the API server: {Why}")]
        public static partial void Waiting(ILogger logger, string why);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Kind} {Key} was not made: {Why}")]
        public static partial void NotMade(ILogger logger, string kind, ResourceKey key, string why);
    }
}
