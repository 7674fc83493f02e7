// A stand-in for Knative Serving: its Service gets an address here, and one Deployment behind it.
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Local.Workloads.Cluster;

namespace ServerlessEventing.Local.Workloads.Serving;

/// <summary>
/// Enough that a reference to a <c>serving.knative.dev</c> Service resolves and leads to its container:
/// <code>
///   Service (serving) ─► Deployment &lt;name&gt;-deployment, one replica ─► whoever runs Deployments
///                    └─► Service &lt;name&gt;, reached as http://&lt;name&gt;.&lt;namespace&gt;.svc.cluster.local
///                    ◄── status: address, url, Ready as the Deployment is available
/// </code>
/// No revisions, no traffic split, no scaling by load or to zero, no domains.
/// </summary>
public sealed class ServingStandIn : IAsyncDisposable
{
    private readonly ApiConnection api;
    private readonly TimeProvider time;
    private readonly LevelLoop loop;
    private readonly Mirror services;
    private readonly Mirror deployments;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;

    private ServingStandIn(HttpClient http, TimeProvider time, ILogger logger)
    {
        api = new ApiConnection(http);
        this.time = time;
        loop = new LevelLoop(LookAsync, time, logger);
        services = new Mirror(api, "/apis/serving.knative.dev/v1/services", loop.Wake, time, logger);
        deployments = new Mirror(api, "/apis/apps/v1/deployments", loop.Wake, time, logger);
        running = RunAsync(stopping.Token);
    }

    /// <summary>Starts; the API must serve <c>serving.knative.dev/v1</c>. Disposes <paramref name="http"/>.</summary>
    public static ServingStandIn Start(HttpClient http, TimeProvider time, ILoggerFactory? loggerFactory = null) =>
        new(http, time, (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<ServingStandIn>());

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        api.Dispose();
        stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var watches = Task.WhenAll(services.RunAsync(cancellationToken), deployments.RunAsync(cancellationToken));
        await Task.WhenAny(Task.WhenAll(services.Synced, deployments.Synced), watches);
        await loop.RunAsync(cancellationToken);
        await watches;
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var service in services.Items.Where(service => !service.IsDeleting()))
        {
            await ReconcileAsync(new ServedWorkload(service), cancellationToken);
        }
    }

    private async Task ReconcileAsync(ServedWorkload service, CancellationToken cancellationToken)
    {
        var core = $"/api/v1/namespaces/{service.Namespace}/services";
        var apps = $"/apis/apps/v1/namespaces/{service.Namespace}/deployments";
        var problem = service.Problem
            ?? await EnsureAsync(apps, service.Deployment(), service, cancellationToken)
            ?? await EnsureAsync(core, service.CoreService(), service, cancellationToken);
        var deployment = deployments.Find(service.Namespace, service.DeploymentName);
        if (service.Status(deployment, problem, time.GetUtcNow()) is { } status)
        {
            await api.PatchAsync(
                $"/apis/serving.knative.dev/v1/namespaces/{service.Namespace}/services/{service.Name}/status",
                new JsonObject { ["status"] = status },
                cancellationToken);
        }
    }

    // Makes or mends an object of the Service's own; null, or why it cannot.
    private async Task<(string Reason, string Message)?> EnsureAsync(
        string collection, JsonObject wanted, ServedWorkload owner, CancellationToken cancellationToken)
    {
        var path = $"{collection}/{wanted.Name()}";
        var present = await api.GetAsync(path, cancellationToken);
        if (present.IsNotFound)
        {
            var made = await api.CreateAsync(collection, wanted, cancellationToken);
            return made.IsSuccess ? null : ("Refused", made.Message);
        }

        if (present.Body.Objects("metadata", "ownerReferences").All(one => one.Text("uid") != owner.Uid))
        {
            return ("NameTaken", $"{wanted.Text("kind")} {wanted.Name()} exists and is not this Service's own");
        }

        if (Contains(present.Body, wanted))
        {
            return null;
        }

        var patched = await api.PatchAsync(path, wanted, cancellationToken);
        return patched.IsSuccess ? null : ("Refused", patched.Message);
    }

    // Lists by position: what the API server fills in is no difference.
    private static bool Contains(JsonNode? actual, JsonNode? wanted) => wanted switch
    {
        JsonObject fields => fields.All(field => Contains(actual.At(field.Key), field.Value)),
        JsonArray items => actual is JsonArray others && others.Count == items.Count
            && items.Zip(others).All(pair => Contains(pair.Second, pair.First)),
        _ => JsonNode.DeepEquals(actual, wanted),
    };
}
