// Which kinds of Channel and Subscription are ours to reconcile.
namespace ServerlessEventing.Operator.Resources;

/// <summary>Every kind that is a Service Bus topic, and every kind that is a bus subscription.</summary>
public sealed record ChannelKinds(
    IReadOnlyList<ResourceType> Channels, IReadOnlyList<ResourceType> Subscriptions)
{
    public static readonly ChannelKinds All = new(ResourceTypes.Channels, ResourceTypes.Subscriptions);

    /// <summary>
    /// Beside an installed Knative, whose Channels and Subscriptions are its own: what a Broker of ours owns, and the
    /// kind that nobody else serves.
    /// </summary>
    public static readonly ChannelKinds BesideKnative = new(
        [ResourceTypes.OwnedChannel, ResourceTypes.ServiceBusChannel], [ResourceTypes.OwnedSubscription]);
}
