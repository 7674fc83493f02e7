// Services that give our addresses a DNS name in the cluster.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>A Broker's or Channel's own host name, answered by the shared ingress or by pods of its own.</summary>
internal static class ExternalNames
{
    private const int MaxServiceName = 63;

    /// <summary>
    /// The Service, or reason and message. With <paramref name="pods"/> it selects those instead of naming the shared
    /// ingress.
    /// </summary>
    public static async Task<ChildOutcome> EnsureAsync(
        ReconcilerParts parts,
        ResourceType ownerType,
        Reconcile work,
        string name,
        JsonObject labels,
        JsonObject? pods,
        CancellationToken cancellationToken)
    {
        work.RefersTo(new ObjectRef(ResourceTypes.Service.GroupKind, work.Object.Namespace, name));
        if (name.Length > MaxServiceName)
        {
            return new ChildOutcome(null, "NameTooLong",
                $"Service name '{name}' has {name.Length} characters, Kubernetes allows {MaxServiceName}; "
                + $"choose a shorter name for the {ownerType.Kind}");
        }

        var spec = pods is null
            ? new JsonObject
            {
                ["type"] = "ExternalName",
                ["externalName"] = parts.IngressHost,
                ["selector"] = null,
                ["ports"] = Ports(80),
            }
            : new JsonObject
            {
                ["type"] = "ClusterIP",
                ["externalName"] = null,
                ["selector"] = pods,
                ["ports"] = Ports(8080),
            };
        return await parts.Children.EnsureAsync(
            ownerType,
            work.Object,
            ResourceTypes.Service,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = labels },
                ["spec"] = spec,
            },
            cancellationToken);
    }

    private static JsonArray Ports(int target) => new(new JsonObject
    {
        ["name"] = "http",
        ["port"] = 80,
        ["protocol"] = "TCP",
        ["targetPort"] = target,
    });
}
