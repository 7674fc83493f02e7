// A Parallel becomes one Channel for all, and for each branch a filter, a Channel and a subscriber.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Flows;

/// <summary>Parallels.</summary>
/// <remarks>
/// <code>
///   {name}-kn-parallel ─► filter 0 ─reply─► {name}-kn-parallel-0 ─► subscriber 0 ─reply─► branch's or spec's reply
///                     └─► filter 1 ─reply─► {name}-kn-parallel-1 ─► subscriber 1 ─reply─► …
/// </code>
/// A branch's filter is a service: it answers with the event to let pass, or with none. Without a filter the event
/// itself is the reply.
/// </remarks>
internal static class ParallelShape
{
    public static async Task<Resource?> MakeAsync(
        FlowChildren children, Reconcile work, CancellationToken cancellationToken)
    {
        var parallel = work.Object;
        var stem = $"{parallel.Name}-kn-parallel";
        var (entrance, ingress) = await children.ChannelAsync(stem, cancellationToken);
        var statuses = new JsonArray();
        foreach (var (index, branch) in parallel.Spec.Items("branches").Index())
        {
            var name = $"{stem}-{index}";
            var (_, channel) = await children.ChannelAsync(name, cancellationToken);
            var filter = await children.SubscriptionAsync(
                $"{stem}-filter-{index}", stem, branch.At("filter"), children.To(name), null, cancellationToken);
            var subscriber = await children.SubscriptionAsync(
                name,
                name,
                branch.At("subscriber"),
                branch.At("reply") ?? parallel.Spec.At("reply"),
                branch.At("delivery"),
                cancellationToken);
            statuses.Add(new JsonObject
            {
                ["filterChannelStatus"] = channel,
                ["filterSubscriptionStatus"] = filter,
                ["subscriberSubscriptionStatus"] = subscriber,
            });
        }

        work.Status["ingressChannelStatus"] = ingress;
        work.Status["branchStatuses"] = statuses;
        return entrance;
    }
}
