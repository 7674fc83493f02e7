// What cron sources put into the routing table, and how it leaves again.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>
/// <code>
///   made, changed   schedule and egress in the table, loaded ─► Deployed
///   deleted         schedule out, egress draining: what is planned already is discarded
/// </code>
/// </summary>
internal static class CronEntries
{
    /// <summary>Puts a source into the table; <c>Deployed</c> means that every live instance has it.</summary>
    public static ReconcileResult Deploy(
        Reconcile work, ReconcilerParts parts, ResourceType type, Schedule schedule, Destination sink)
    {
        work.Status["ceAttributes"] = new JsonArray(new JsonObject
        {
            ["type"] = schedule.Type,
            ["source"] = schedule.Source,
        });
        var mark = parts.Routing.Put(
            new Egress
            {
                Uid = work.Object.Uid,
                Kind = EgressKind.Source,
                Namespace = work.Object.Namespace,
                Name = work.Object.Name,
                Lane = EntityNames.SourcesLane,
                Destination = sink,
                Delivery = SourceSinks.Delivery,
            },
            schedule);
        if (!parts.Lanes.State.IsDone)
        {
            work.Conditions.MarkUnknown("Deployed", parts.Lanes.State.Reason, parts.Lanes.State.Message);
            return ReconcileResult.Again(ReconcilerParts.SafetyLook);
        }

        if (parts.Reach(mark, parts.RefOf(type, work.Object)) != RoutingReach.Loaded)
        {
            work.Conditions.MarkUnknown("Deployed", "RoutingTableNotLoaded",
                $"Waiting for the functions to load routing table {mark.Generation}");
            return ReconcileResult.Again(ReconcilerParts.SafetyLook);
        }

        work.Conditions.MarkTrue("Deployed");
        return ReconcileResult.Done;
    }

    /// <summary>Drains what no source of this name, of either kind, has any more.</summary>
    public static void DropPredecessors(ReconcilerParts parts, ResourceKey key)
    {
        var live = ResourceTypes.CronSources
            .Select(type => parts.Informers[type].Get(key)).OfType<Resource>()
            .Where(source => !source.IsDeleting).Select(source => source.Uid).ToHashSet();
        parts.Routing.Drain(egress => egress.Kind == EgressKind.Source && egress.Namespace == key.Namespace
            && egress.Name == key.Name && !live.Contains(egress.Uid));
    }
}
