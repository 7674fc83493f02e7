// The bus subscription that a Subscription stands for.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>
/// Three kinds of Subscription, one kind of entity. Made here for both reconcilers that need to know it: the
/// Subscription's, which puts it on the bus, and the Trigger's, which is Ready when exactly that is in force.
/// </summary>
internal static class BusSubscriptions
{
    /// <summary>
    /// A Trigger's: its filter, and either its egress and the shared lane, or neither: what a deployment of its own
    /// reads here is known by where it came from.
    /// </summary>
    public static BusSubscription OfTrigger(string topic, Egress egress, long since) => egress.Dedicated is { } own
        ? new BusSubscription(topic, own.Subscription)
        {
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
            RequiresSession = own.Ordered,
            Rule = RuleCompiler.Compile(egress.Filters),
        }
        : new BusSubscription(topic, EntityNames.BusSubscription(egress.Name, TriggerUid(egress)))
        {
            ForwardTo = EntityNames.TriggersLane,
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
            Rule = RuleCompiler.Compile(egress.Filters),
            Egress = TriggerUid(egress),
            Since = since,
        };

    /// <summary>Where a dedicated Trigger's failed tries wait; null for one that is shared or ordered.</summary>
    public static BusQueue? RetriesOfTrigger(Egress egress) => egress.Dedicated is { Ordered: false }
        ? new BusQueue(EntityNames.Retries(egress.Lane))
        {
            RequiresDuplicateDetection = true,
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
        }
        : null;

    /// <summary>Everything a Trigger may have on the bus: enough to delete it when nobody remembers which.</summary>
    public static IEnumerable<BusEntity> AllOfTrigger(
        string topic, string @namespace, string trigger, string uid)
    {
        yield return new BusSubscription(topic, EntityNames.BusSubscription(trigger, uid))
        {
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
        };
        yield return new BusSubscription(topic, EntityNames.DedicatedSubscription(trigger, uid))
        {
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
        };
        yield return new BusQueue(EntityNames.Retries(EntityNames.DedicatedLane(@namespace, trigger, uid)));
    }

    /// <summary>A user's: everything in the Channel, its own egress, the subscriptions lane.</summary>
    public static BusSubscription OfSubscription(string topic, Resource subscription, long since) =>
        new(topic, EntityNames.BusSubscription(subscription.Name, subscription.Uid))
        {
            ForwardTo = EntityNames.SubscriptionsLane,
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
            Egress = subscription.Uid,
            Since = since,
        };

    // The egress under which an old path is emptied bears the Trigger's uid and a suffix.
    private static string TriggerUid(Egress egress) =>
        egress.Uid.EndsWith(DispatchNames.OldEgress(""), StringComparison.Ordinal)
            ? egress.Uid[..^DispatchNames.OldEgress("").Length]
            : egress.Uid;

    /// <summary>A Broker's loop for replies: everything on the ingress topic goes on to the trigger topic.</summary>
    public static BusSubscription OfReplies(Resource subscription, string broker) =>
        new(BrokerNames.IngressTopic(subscription.Namespace, broker),
            EntityNames.BusSubscription(subscription.Name, subscription.Uid))
        {
            ForwardTo = BrokerNames.TriggerTopic(subscription.Namespace, broker),
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
        };
}
