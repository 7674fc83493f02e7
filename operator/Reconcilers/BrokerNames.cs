// Names of what a Broker and its Triggers own, as in Knative v0.7.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>Names and labels of owned objects.</summary>
internal static class BrokerNames
{
    public const string BrokerLabel = Dispatching.Dispatcher.BrokerLabel;
    public const string TriggerLabel = "eventing.knative.dev/trigger";
    public const string TriggerChannelLabel = "eventing.knative.dev/brokerEverything";
    public const string IngressChannelLabel = "eventing.knative.dev/brokerIngress";
    public const string RoleLabel = Dispatching.Dispatcher.RoleLabel;

    /// <summary>What v0.7 gave a Trigger that names no Broker.</summary>
    public const string DefaultBroker = "default";

    public static string TriggerChannel(string broker) => $"{broker}-kn-trigger";

    public static string IngressChannel(string broker) => $"{broker}-kn-ingress";

    public static string IngressSubscription(string broker) => $"internal-ingress-{broker}";

    public static string IngressService(string broker) => $"{broker}-broker";

    public static string FilterService(string broker) => DispatchNames.OfBroker(broker);

    /// <summary>A deployment that works for a Broker or for one of its Triggers; its role is still to be set.</summary>
    public static Dispatcher Dispatcher(ReconcilerParts parts, string @namespace, string broker, string name) => new()
    {
        Namespace = @namespace,
        Name = name,
        Broker = broker,
        Role = DispatchNames.Filter,
        Channel = $"{Addresses.ChannelHost(@namespace, TriggerChannel(broker))}.{parts.ClusterDomain}",
        Filter = $"{FilterService(broker)}.{@namespace}.svc.{parts.ClusterDomain}",
    };

    public static string TriggerTopic(string @namespace, string broker) =>
        EntityNames.Topic(@namespace, TriggerChannel(broker));

    public static string IngressTopic(string @namespace, string broker) =>
        EntityNames.Topic(@namespace, IngressChannel(broker));

    /// <summary>
    /// Name of the Subscription a Trigger owns: <c>broker-trigger-</c> and the start of its uid, cut to the 253
    /// characters an object name may have.
    /// </summary>
    public static string TriggerSubscription(string broker, Resource trigger)
    {
        var suffix = "-" + trigger.Uid[..Math.Min(8, trigger.Uid.Length)];
        var stem = $"{broker}-{trigger.Name}";
        return (stem.Length + suffix.Length <= 253 ? stem : stem[..(253 - suffix.Length)].TrimEnd('-', '.')) + suffix;
    }

    /// <summary>The Broker a Trigger belongs to. A Trigger without one was written for v0.7.</summary>
    public static string BrokerOf(Resource trigger) =>
        trigger.Spec.NonEmpty("broker") ?? trigger.Spec.NonEmpty("brokerRef", "name") ?? DefaultBroker;
}
