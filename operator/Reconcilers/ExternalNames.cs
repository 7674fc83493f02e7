// Services that give our addresses a DNS name in the cluster.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>ExternalName Services: a Broker's or Channel's own host name, answered by the shared ingress.</summary>
internal static class ExternalNames
{
    private const int MaxServiceName = 63;

    /// <summary>Null when the Service is there as wanted, else reason and message.</summary>
    public static async Task<ChildOutcome> EnsureAsync(
        ReconcilerParts parts,
        ResourceType ownerType,
        Reconcile work,
        string name,
        JsonObject labels,
        CancellationToken cancellationToken)
    {
        work.RefersTo(new ObjectRef(ResourceTypes.Service.GroupKind, work.Object.Namespace, name));
        if (name.Length > MaxServiceName)
        {
            return new ChildOutcome(null, "NameTooLong",
                $"Service name '{name}' has {name.Length} characters, Kubernetes allows {MaxServiceName}; "
                + $"choose a shorter name for the {ownerType.Kind}");
        }

        return await parts.Children.EnsureAsync(
            ownerType,
            work.Object,
            ResourceTypes.Service,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = labels },
                ["spec"] = new JsonObject
                {
                    ["type"] = "ExternalName",
                    ["externalName"] = parts.IngressHost,
                    ["ports"] = new JsonArray(new JsonObject
                    {
                        ["name"] = "http",
                        ["port"] = 80,
                        ["protocol"] = "TCP",
                        ["targetPort"] = 80,
                    }),
                },
            },
            cancellationToken);
    }
}
