// Names of our entities on the bus, each made in one place.
namespace ServerlessEventing.Contract.Names;

/// <summary>
/// Names of Service Bus entities. Limits: topic and queue 260 characters, bus subscription and rule 50
/// (Azure "Service Bus quotas").
/// </summary>
public static class EntityNames
{
    /// <summary>Lane of every Trigger that is not dedicated.</summary>
    public const string TriggersLane = "eventing-triggers";

    /// <summary>Lane of every Subscription that is not dedicated.</summary>
    public const string SubscriptionsLane = "eventing-subscriptions";

    /// <summary>Lane of sources.</summary>
    public const string SourcesLane = "eventing-sources";

    /// <summary>Queue where everything undeliverable ends.</summary>
    public const string DeadLetters = "eventing-deadletters";

    /// <summary>Name of the single rule of each bus subscription.</summary>
    public const string Rule = "egress";

    private const int MaxSubscriptionName = 50;

    /// <summary>The queue beside a lane where messages wait for their next try.</summary>
    public static string Retries(string lane) => lane + "-retries";

    /// <summary>Topic of a Channel: <c>ns.channel</c>.</summary>
    public static string Topic(string @namespace, string channel) => $"{@namespace}.{channel}";

    /// <summary>
    /// Bus subscription of a Subscription or Trigger: its name, cut to fit, and the start of its UID, so that an
    /// object deleted and made again under the same name never meets its predecessor's entity.
    /// </summary>
    public static string BusSubscription(string name, string uid) => CutToFit(name, "-" + Start(uid));

    /// <summary>
    /// Bus subscription of a Trigger with a deployment of its own: another entity than the one that forwards, so that
    /// the new one can be there before the old one goes.
    /// </summary>
    public static string DedicatedSubscription(string name, string uid) =>
        CutToFit(name, $"-{Start(uid)}-dedicated");

    /// <summary>Lane of a Trigger with a deployment of its own; it only names the retries queue.</summary>
    public static string DedicatedLane(string @namespace, string name, string uid) =>
        $"eventing-dedicated.{@namespace}.{BusSubscription(name, uid)}";

    private static string Start(string uid) => uid[..Math.Min(8, uid.Length)];

    private static string CutToFit(string name, string suffix)
    {
        var room = MaxSubscriptionName - suffix.Length;
        return (name.Length <= room ? name : name[..room].TrimEnd('-', '.')) + suffix;
    }
}
