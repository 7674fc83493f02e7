// Queues, topics and bus subscriptions as XML; the service insists on the order of elements.
using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Writes and reads descriptions of entities.</summary>
internal sealed class EntityXml(Uri endpoint)
{
    private string Host => endpoint.Host;

    public XElement Write(QueueProperties queue) => new(
        AtomNames.ServiceBus + "QueueDescription",
        Value("LockDuration", queue.LockDuration),
        Value("MaxSizeInMegabytes", queue.MaxSizeInMegabytes),
        Value("RequiresDuplicateDetection", queue.RequiresDuplicateDetection),
        Value("RequiresSession", queue.RequiresSession),
        Lifetime("DefaultMessageTimeToLive", queue.DefaultMessageTimeToLive),
        Value("DeadLetteringOnMessageExpiration", queue.DeadLetteringOnMessageExpiration),
        queue.RequiresDuplicateDetection
            ? Value("DuplicateDetectionHistoryTimeWindow", queue.DuplicateDetectionHistoryTimeWindow)
            : null,
        Value("MaxDeliveryCount", queue.MaxDeliveryCount),
        Value("EnableBatchedOperations", queue.EnableBatchedOperations),
        queue.AuthorizationRules,
        Value("Status", queue.Status.ToString()),
        Value("ForwardTo", Address(queue.ForwardTo)),
        Value("UserMetadata", Note(queue.UserMetadata)),
        Lifetime("AutoDeleteOnIdle", queue.AutoDeleteOnIdle),
        Value("EnablePartitioning", queue.EnablePartitioning),
        Value("ForwardDeadLetteredMessagesTo", Address(queue.ForwardDeadLetteredMessagesTo)),
        Value("MaxMessageSizeInKilobytes", queue.MaxMessageSizeInKilobytes));

    public XElement Write(TopicProperties topic) => new(
        AtomNames.ServiceBus + "TopicDescription",
        Lifetime("DefaultMessageTimeToLive", topic.DefaultMessageTimeToLive),
        Value("MaxSizeInMegabytes", topic.MaxSizeInMegabytes),
        Value("RequiresDuplicateDetection", topic.RequiresDuplicateDetection),
        topic.RequiresDuplicateDetection
            ? Value("DuplicateDetectionHistoryTimeWindow", topic.DuplicateDetectionHistoryTimeWindow)
            : null,
        Value("EnableBatchedOperations", topic.EnableBatchedOperations),
        topic.AuthorizationRules,
        Value("Status", topic.Status.ToString()),
        Value("UserMetadata", Note(topic.UserMetadata)),
        Value("SupportOrdering", topic.SupportOrdering),
        Lifetime("AutoDeleteOnIdle", topic.AutoDeleteOnIdle),
        Value("EnablePartitioning", topic.EnablePartitioning),
        Value("MaxMessageSizeInKilobytes", topic.MaxMessageSizeInKilobytes));

    public XElement Write(SubscriptionProperties subscription, RuleProperties? defaultRule = null) => new(
        AtomNames.ServiceBus + "SubscriptionDescription",
        Value("LockDuration", subscription.LockDuration),
        Value("RequiresSession", subscription.RequiresSession),
        Lifetime("DefaultMessageTimeToLive", subscription.DefaultMessageTimeToLive),
        Value("DeadLetteringOnMessageExpiration", subscription.DeadLetteringOnMessageExpiration),
        Value(
            "DeadLetteringOnFilterEvaluationExceptions",
            subscription.EnableDeadLetteringOnFilterEvaluationExceptions),
        defaultRule is null ? null : RuleXml.Write(defaultRule, "DefaultRuleDescription"),
        Value("MaxDeliveryCount", subscription.MaxDeliveryCount),
        Value("EnableBatchedOperations", subscription.EnableBatchedOperations),
        Value("Status", subscription.Status.ToString()),
        Value("ForwardTo", Address(subscription.ForwardTo)),
        Value("UserMetadata", Note(subscription.UserMetadata)),
        Value("ForwardDeadLetteredMessagesTo", Address(subscription.ForwardDeadLetteredMessagesTo)),
        Lifetime("AutoDeleteOnIdle", subscription.AutoDeleteOnIdle));

    public static QueueProperties ReadQueue(AtomEntry entry) => new(entry.Title)
    {
        LockDuration = entry.Duration("LockDuration", TimeSpan.FromMinutes(1)),
        MaxSizeInMegabytes = entry.Long("MaxSizeInMegabytes", 1024),
        RequiresDuplicateDetection = entry.Flag("RequiresDuplicateDetection"),
        RequiresSession = entry.Flag("RequiresSession"),
        DefaultMessageTimeToLive = entry.Duration("DefaultMessageTimeToLive", TimeSpan.MaxValue),
        DeadLetteringOnMessageExpiration = entry.Flag("DeadLetteringOnMessageExpiration"),
        DuplicateDetectionHistoryTimeWindow =
            entry.Duration("DuplicateDetectionHistoryTimeWindow", TimeSpan.FromMinutes(1)),
        MaxDeliveryCount = entry.Int("MaxDeliveryCount", 10),
        EnableBatchedOperations = entry.Flag("EnableBatchedOperations", true),
        AuthorizationRules = entry.Description.Element(AtomNames.ServiceBus + "AuthorizationRules"),
        Status = entry.Status(),
        ForwardTo = entry.Entity("ForwardTo"),
        UserMetadata = entry.Text("UserMetadata") ?? "",
        AutoDeleteOnIdle = entry.Duration("AutoDeleteOnIdle", TimeSpan.MaxValue),
        EnablePartitioning = entry.Flag("EnablePartitioning"),
        ForwardDeadLetteredMessagesTo = entry.Entity("ForwardDeadLetteredMessagesTo"),
        MaxMessageSizeInKilobytes = entry.Text("MaxMessageSizeInKilobytes") is null
            ? null
            : entry.Long("MaxMessageSizeInKilobytes"),
    };

    public static TopicProperties ReadTopic(AtomEntry entry) => new(entry.Title)
    {
        DefaultMessageTimeToLive = entry.Duration("DefaultMessageTimeToLive", TimeSpan.MaxValue),
        MaxSizeInMegabytes = entry.Long("MaxSizeInMegabytes", 1024),
        RequiresDuplicateDetection = entry.Flag("RequiresDuplicateDetection"),
        DuplicateDetectionHistoryTimeWindow =
            entry.Duration("DuplicateDetectionHistoryTimeWindow", TimeSpan.FromMinutes(1)),
        EnableBatchedOperations = entry.Flag("EnableBatchedOperations", true),
        AuthorizationRules = entry.Description.Element(AtomNames.ServiceBus + "AuthorizationRules"),
        Status = entry.Status(),
        UserMetadata = entry.Text("UserMetadata") ?? "",
        SupportOrdering = entry.Flag("SupportOrdering"),
        AutoDeleteOnIdle = entry.Duration("AutoDeleteOnIdle", TimeSpan.MaxValue),
        EnablePartitioning = entry.Flag("EnablePartitioning"),
        MaxMessageSizeInKilobytes = entry.Text("MaxMessageSizeInKilobytes") is null
            ? null
            : entry.Long("MaxMessageSizeInKilobytes"),
    };

    public static SubscriptionProperties ReadSubscription(string topicName, AtomEntry entry) => new(
        topicName, entry.Title)
    {
        LockDuration = entry.Duration("LockDuration", TimeSpan.FromMinutes(1)),
        RequiresSession = entry.Flag("RequiresSession"),
        DefaultMessageTimeToLive = entry.Duration("DefaultMessageTimeToLive", TimeSpan.MaxValue),
        DeadLetteringOnMessageExpiration = entry.Flag("DeadLetteringOnMessageExpiration"),
        EnableDeadLetteringOnFilterEvaluationExceptions =
            entry.Flag("DeadLetteringOnFilterEvaluationExceptions", true),
        MaxDeliveryCount = entry.Int("MaxDeliveryCount", 10),
        EnableBatchedOperations = entry.Flag("EnableBatchedOperations", true),
        Status = entry.Status(),
        ForwardTo = entry.Entity("ForwardTo"),
        UserMetadata = entry.Text("UserMetadata") ?? "",
        ForwardDeadLetteredMessagesTo = entry.Entity("ForwardDeadLetteredMessagesTo"),
        AutoDeleteOnIdle = entry.Duration("AutoDeleteOnIdle", TimeSpan.MaxValue),
    };

    /// <summary>The absolute address that forwarding to an entity is written as.</summary>
    public string? Address(string? entityName) => string.IsNullOrEmpty(entityName) ? null : $"sb://{Host}/{entityName}";

    private static string? Note(string text) => text.Length switch
    {
        0 => null,
        <= 1024 => text,
        _ => throw new ArgumentException($"UserMetadata has {text.Length} characters, at most 1024."),
    };

    private static XElement? Value(string name, object? value) => value switch
    {
        null => null,
        TimeSpan duration => new(AtomNames.ServiceBus + name, XmlConvert.ToString(duration)),
        bool flag => new(AtomNames.ServiceBus + name, XmlConvert.ToString(flag)),
        _ => new(AtomNames.ServiceBus + name, Convert.ToString(value, CultureInfo.InvariantCulture)),
    };

    // "For ever" is the service's default, and Basic namespaces refuse to hear it.
    private static XElement? Lifetime(string name, TimeSpan duration) =>
        duration == TimeSpan.MaxValue ? null : Value(name, duration);
}
