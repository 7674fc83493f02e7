// How an object with something on the bus is let go: never without trying, never stuck.
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>
/// Deletes entities for an object that is being deleted. A bus that does not answer or says no holds the object up for
/// a while only: what is left behind bears our mark, and the sweep for orphans takes it once the bus lets it.
/// </summary>
internal sealed class Deletion(ReconcilerParts parts, ResourceType type)
{
    public const string Annotation = "eventing.azure.dev/deletion-policy";
    private const string Detach = "Detach";

    /// <summary>Whether the user wants the topic, and what is in it, to outlive the object.</summary>
    public static bool Detaches(Resource resource) => resource.Annotation(Annotation) == Detach;

    /// <summary>Says what is lost with the entities, deletes them, and tells whether the object may go.</summary>
    public async Task<ReconcileResult> RunAsync(
        Resource resource, IEnumerable<BusEntity> entities, CancellationToken cancellationToken)
    {
        var owner = BusOwner.Of(type, resource);
        foreach (var entity in entities)
        {
            await CountAsync(resource, entity, owner, cancellationToken);
            var outcome = await parts.Bus.DeleteAsync(entity, owner, cancellationToken);
            if (outcome.IsDone)
            {
                continue;
            }

            var left = parts.DeletionPatience - Age(resource);
            if (left > TimeSpan.Zero)
            {
                return ReconcileResult.Again(left < outcome.RetryAfter ? left : outcome.RetryAfter);
            }

            parts.Events.Warning(type, resource, "LeftOnServiceBus",
                $"'{entity.Path}' could not be deleted and is left to the sweep: {outcome.Message}");
            return ReconcileResult.Done;
        }

        return ReconcileResult.Done;
    }

    private async Task CountAsync(
        Resource resource, BusEntity entity, BusOwner owner, CancellationToken cancellationToken)
    {
        // An entity that forwards holds nothing, and one that is not ours is none of our business.
        if (entity is BusSubscription { ForwardTo: not null } || !parts.Bus.IsKnown(entity, owner)
            || await parts.Bus.BacklogAsync(entity, cancellationToken) is not { IsEmpty: false } backlog)
        {
            return;
        }

        var events = backlog.Waiting + backlog.Scheduled;
        parts.Metrics.Discarded(events);
        parts.Events.Warning(type, resource, "BacklogDiscarded",
            $"{events} events were still waiting in '{entity.Path}' and went with it");
    }

    private TimeSpan Age(Resource resource) =>
        DateTimeOffset.TryParse(resource.Json.Text("metadata", "deletionTimestamp"), out var since)
            ? parts.Time.GetUtcNow() - since
            : TimeSpan.Zero;
}
