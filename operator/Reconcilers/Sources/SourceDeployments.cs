// The Deployment that runs a source's own containers.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

internal static class SourceDeployments
{
    /// <summary>A Deployment whose pods are found by <paramref name="labels"/>; their metadata bears them.</summary>
    public static JsonObject Of(string name, JsonObject labels, JsonObject podMetadata, JsonObject podSpec)
    {
        var own = (JsonObject)labels.DeepClone();
        own[ResourceTypes.ManagedByLabel] = ResourceTypes.ManagedBy;
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = own },
            ["spec"] = new JsonObject
            {
                ["selector"] = new JsonObject { ["matchLabels"] = labels },
                ["template"] = new JsonObject { ["metadata"] = podMetadata, ["spec"] = podSpec },
            },
        };
    }

    /// <summary>Makes or mends it and marks whether it is available.</summary>
    public static async Task EnsureAsync(
        Reconcile work,
        ReconcilerParts parts,
        ResourceType type,
        JsonObject deployment,
        string condition,
        CancellationToken cancellationToken)
    {
        var outcome = await parts.Children.EnsureAsync(
            type, work.Object, ResourceTypes.Deployment, deployment, cancellationToken);
        if (outcome.Child is not { } made)
        {
            work.Conditions.MarkFalse(condition, outcome.Reason!, outcome.Message!);
            return;
        }

        var available = made.Condition("Available");
        if (available.Text("status") == "True")
        {
            work.Conditions.MarkTrue(condition);
        }
        else if (available.Text("status") == "False" && available.Text("reason") != "MinimumReplicasUnavailable")
        {
            work.Conditions.MarkFalse(condition, available.NonEmpty("reason") ?? "NotAvailable",
                available.NonEmpty("message") ?? $"Deployment {made.Key} is not available");
        }
        else
        {
            work.Conditions.MarkUnknown(condition, "DeploymentUnavailable",
                available.NonEmpty("message") ?? $"Deployment {made.Key} is not available yet");
        }
    }
}
