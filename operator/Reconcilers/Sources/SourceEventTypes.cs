// The EventTypes that sources register: what they may send, for whoever looks for events at the sink.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>
/// One for each type and source, owned by the source. v0.7's sources have them when their sink is a Broker beside
/// them, and the EventType names it; today's when their sink is a reference, which the EventType repeats. What a
/// source does not send any more is deleted.
/// </summary>
internal static class SourceEventTypes
{
    private const int MaxLabel = 63;
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(30);

    /// <summary>Makes v0.7's; marks the condition, which is there only when the sink is a Broker.</summary>
    public static async Task<ReconcileResult> EnsureOldAsync(
        Reconcile work,
        ReconcilerParts parts,
        ResourceType type,
        IReadOnlyList<(string Type, string Source)> events,
        string condition,
        CancellationToken cancellationToken)
    {
        if (Broker(work.Object) is not { } broker)
        {
            return await MakeAsync(work, parts, type, [], cancellationToken) is null
                ? ReconcileResult.Done
                : ReconcileResult.Again(TryAgain);
        }

        var wanted = events.Select(told => Json(work.Object, told.Type, told.Source, "broker", broker)).ToList();
        if (await MakeAsync(work, parts, type, wanted, cancellationToken) is { } refused)
        {
            work.Conditions.MarkFalse(condition, refused.Reason, refused.Message);
            return ReconcileResult.Again(TryAgain);
        }

        work.Conditions.MarkTrue(condition);
        return ReconcileResult.Done;
    }

    /// <summary>Makes today's; no condition depends on them, as in Knative.</summary>
    public static async Task<ReconcileResult> EnsureAsync(
        Reconcile work,
        ReconcilerParts parts,
        ResourceType type,
        IReadOnlyList<(string Type, string Source)> events,
        CancellationToken cancellationToken)
    {
        var sink = work.Object.Spec.Object("sink", "ref");
        var wanted = sink is null
            ? []
            : events.Select(told => Json(work.Object, told.Type, told.Source, "reference", Reference(sink))).ToList();
        return await MakeAsync(work, parts, type, wanted, cancellationToken) is null
            ? ReconcileResult.Done
            : ReconcileResult.Again(TryAgain);
    }

    // Why not all of them are there, or null.
    private static async Task<(string Reason, string Message)?> MakeAsync(
        Reconcile work,
        ReconcilerParts parts,
        ResourceType type,
        IReadOnlyList<JsonObject> wanted,
        CancellationToken cancellationToken)
    {
        var names = wanted.Select(eventType => eventType.Text("metadata", "name")!).ToHashSet();
        foreach (var eventType in wanted)
        {
            var outcome = await parts.Children.EnsureAsync(
                type, work.Object, ResourceTypes.EventType, eventType, cancellationToken);
            if (outcome.Child is null)
            {
                return (outcome.Reason!, outcome.Message!);
            }
        }

        foreach (var left in parts.Informers[ResourceTypes.EventType].All.Where(item =>
            item.Namespace == work.Object.Namespace && item.Controller?.Uid == work.Object.Uid
            && !names.Contains(item.Name)).ToList())
        {
            await parts.Children.RemoveAsync(work.Object, ResourceTypes.EventType, left.Name, cancellationToken);
        }

        return null;
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

    private static JsonObject Reference(JsonObject sink)
    {
        var reference = new JsonObject();
        foreach (var field in new[] { "apiVersion", "kind", "name", "namespace" })
        {
            if (sink.NonEmpty(field) is { } text)
            {
                reference[field] = text;
            }
        }

        return reference;
    }

    // Everything but the description is immutable, so what differs is another object: its name tells them apart.
    private static JsonObject Json(
        Resource owner, string eventType, string source, string field, JsonNode target)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(
            Encoding.UTF8.GetBytes($"{owner.Uid}\n{eventType}\n{source}\n{target}")))[..12];
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{eventType}-{hash}",
                ["labels"] = new JsonObject
                {
                    ["eventing.knative.dev/source-name"] = owner.Name.Length <= MaxLabel ? owner.Name : owner.Uid,
                },
            },
            ["spec"] = new JsonObject { ["type"] = eventType, ["source"] = source, [field] = target.DeepClone() },
        };
    }
}
