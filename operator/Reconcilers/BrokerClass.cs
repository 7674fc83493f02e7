// Whose Broker is it: ours, or another implementation's in the same cluster.
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>The class annotation, and what a Broker without one counts as.</summary>
/// <remarks>
/// The class cannot be changed, and no schema can say so of an annotation. A Broker that has Channels of ours therefore
/// stays ours, with everything it has on the bus, whatever the annotation has come to say.
/// </remarks>
public sealed class BrokerClass(string defaultClass, InformerSet informers)
{
    public const string Annotation = "eventing.knative.dev/broker.class";
    public const string Ours = "AzureServiceBus";

    public bool IsOurs(Resource broker) => Of(broker) == Ours || HasChannels(broker);

    /// <summary>What is wrong with a Broker of ours that names another class; null: nothing.</summary>
    public string? Problem(Resource broker) => Of(broker) == Ours
        ? null
        : $"Annotation {Annotation} cannot be changed from '{Ours}' to '{Of(broker)}'; everything stays as it was. "
            + "Put it back, or delete the Broker and make it anew";

    private string Of(Resource broker) => broker.Annotation(Annotation) ?? defaultClass;

    private bool HasChannels(Resource broker) => informers[ResourceTypes.OwnedChannel]
        .Get(new ResourceKey(broker.Namespace, BrokerNames.TriggerChannel(broker.Name)))
        ?.Controller is { } owner && owner.Uid == broker.Uid;
}
