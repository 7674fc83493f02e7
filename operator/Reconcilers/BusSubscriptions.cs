// The bus subscription that a Subscription stands for.
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.ServiceBus;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>
/// Three kinds of Subscription, one kind of entity. Made here for both reconcilers that need to know it: the
/// Subscription's, which puts it on the bus, and the Trigger's, which is Ready when exactly that is in force.
/// </summary>
internal static class BusSubscriptions
{
    /// <summary>A Trigger's: its filter, its egress, the triggers lane.</summary>
    public static BusSubscription OfTrigger(
        string topic, string trigger, string uid, IReadOnlyList<FilterExpression> filters, long since) =>
        new(topic, EntityNames.BusSubscription(trigger, uid))
        {
            ForwardTo = EntityNames.TriggersLane,
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
            Rule = RuleCompiler.Compile(filters),
            Egress = uid,
            Since = since,
        };

    /// <summary>A user's: everything in the Channel, its own egress, the subscriptions lane.</summary>
    public static BusSubscription OfSubscription(string topic, Resource subscription, long since) =>
        new(topic, EntityNames.BusSubscription(subscription.Name, subscription.Uid))
        {
            ForwardTo = EntityNames.SubscriptionsLane,
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
            Egress = subscription.Uid,
            Since = since,
        };

    /// <summary>A Broker's loop for replies: everything on the ingress topic goes on to the trigger topic.</summary>
    public static BusSubscription OfReplies(Resource subscription, string broker) =>
        new(BrokerNames.IngressTopic(subscription.Namespace, broker),
            EntityNames.BusSubscription(subscription.Name, subscription.Uid))
        {
            ForwardTo = BrokerNames.TriggerTopic(subscription.Namespace, broker),
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
        };
}
