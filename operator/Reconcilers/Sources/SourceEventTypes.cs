// The EventTypes that v0.7's sources register when their sink is a Broker.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

internal static class SourceEventTypes
{
    /// <summary>Makes one for each type and source, owned by the source; none when the sink is no Broker.</summary>
    public static async Task<ReconcileResult> EnsureAsync(
        Reconcile work,
        ReconcilerParts parts,
        ResourceType type,
        IReadOnlyList<(string Type, string Source)> events,
        string condition,
        CancellationToken cancellationToken)
    {
        if (Broker(work.Object) is not { } broker)
        {
            return ReconcileResult.Done;
        }

        foreach (var (eventType, source) in events)
        {
            var outcome = await parts.Children.EnsureAsync(
                type, work.Object, ResourceTypes.EventType, Json(work.Object, eventType, source, broker),
                cancellationToken);
            if (outcome.Child is null)
            {
                work.Conditions.MarkFalse(condition, outcome.Reason!, outcome.Message!);
                return ReconcileResult.Again(TimeSpan.FromSeconds(30));
            }
        }

        work.Conditions.MarkTrue(condition);
        return ReconcileResult.Done;
    }

    // A sink in another namespace registers nothing: an EventType names a Broker beside it.
    private static string? Broker(Resource source)
    {
        var sink = source.Spec.Object("sink", "ref") ?? source.Spec.Object("sink");
        return sink.Text("kind") == ResourceTypes.Broker.Kind
            && GroupKind.Of(sink.Text("apiVersion") ?? "", "").Group == ResourceTypes.EventingGroup
            && (sink.NonEmpty("namespace") ?? source.Namespace) == source.Namespace
            ? sink.NonEmpty("name")
            : null;
    }

    // Everything but the description is immutable, so what differs is another object: its name tells them apart.
    private static JsonObject Json(Resource owner, string eventType, string source, string broker)
    {
        var hash = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{owner.Uid}\n{eventType}\n{source}\n{broker}")))[..12];
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{eventType}-{hash}",
                ["labels"] = new JsonObject { ["eventing.knative.dev/source-name"] = owner.Name },
            },
            ["spec"] = new JsonObject { ["type"] = eventType, ["source"] = source, ["broker"] = broker },
        };
    }
}
