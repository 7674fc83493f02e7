// A Sequence becomes a Channel and a Subscription for each step, each replying to the next.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Flows;

/// <summary>Sequences.</summary>
/// <remarks>
/// <code>
///   {name}-kn-sequence-0 ─► step 0 ─reply─► {name}-kn-sequence-1 ─► step 1 ─reply─► … ─► spec.reply
/// </code>
/// </remarks>
internal static class SequenceShape
{
    public static async Task<Resource?> MakeAsync(
        FlowChildren children, Reconcile work, CancellationToken cancellationToken)
    {
        var steps = work.Object.Spec.Items("steps").ToList();
        Resource? entrance = null;
        var channels = new JsonArray();
        var subscriptions = new JsonArray();
        foreach (var (index, _) in steps.Index())
        {
            var (channel, status) = await children.ChannelAsync(Name(work.Object, index), cancellationToken);
            entrance = index == 0 ? channel : entrance;
            channels.Add(status);
        }

        foreach (var (index, step) in steps.Index())
        {
            var name = Name(work.Object, index);
            var reply = index + 1 < steps.Count
                ? children.To(Name(work.Object, index + 1))
                : work.Object.Spec.At("reply");
            subscriptions.Add(await children.SubscriptionAsync(
                name, name, step, reply, step.At("delivery"), cancellationToken));
        }

        work.Status["channelStatuses"] = channels;
        work.Status["subscriptionStatuses"] = subscriptions;
        return entrance;
    }

    private static string Name(Resource sequence, int step) => $"{sequence.Name}-kn-sequence-{step}";
}
