// Counts and times out of the XML.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Reads how entities are doing.</summary>
internal static class RuntimeXml
{
    public static QueueRuntimeProperties ReadQueue(AtomEntry entry) => new()
    {
        Name = entry.Title,
        TotalMessageCount = entry.Long("MessageCount"),
        ActiveMessageCount = entry.Count("ActiveMessageCount"),
        DeadLetterMessageCount = entry.Count("DeadLetterMessageCount"),
        ScheduledMessageCount = entry.Count("ScheduledMessageCount"),
        TransferMessageCount = entry.Count("TransferMessageCount"),
        TransferDeadLetterMessageCount = entry.Count("TransferDeadLetterMessageCount"),
        SizeInBytes = entry.Long("SizeInBytes"),
        CreatedAt = entry.Time("CreatedAt"),
        UpdatedAt = entry.Time("UpdatedAt"),
        AccessedAt = entry.Time("AccessedAt"),
    };

    public static TopicRuntimeProperties ReadTopic(AtomEntry entry) => new()
    {
        Name = entry.Title,
        SubscriptionCount = entry.Int("SubscriptionCount"),
        ScheduledMessageCount = entry.Count("ScheduledMessageCount"),
        SizeInBytes = entry.Long("SizeInBytes"),
        CreatedAt = entry.Time("CreatedAt"),
        UpdatedAt = entry.Time("UpdatedAt"),
        AccessedAt = entry.Time("AccessedAt"),
    };

    public static SubscriptionRuntimeProperties ReadSubscription(string topicName, AtomEntry entry) => new()
    {
        TopicName = topicName,
        SubscriptionName = entry.Title,
        TotalMessageCount = entry.Long("MessageCount"),
        ActiveMessageCount = entry.Count("ActiveMessageCount"),
        DeadLetterMessageCount = entry.Count("DeadLetterMessageCount"),
        TransferMessageCount = entry.Count("TransferMessageCount"),
        TransferDeadLetterMessageCount = entry.Count("TransferDeadLetterMessageCount"),
        CreatedAt = entry.Time("CreatedAt"),
        UpdatedAt = entry.Time("UpdatedAt"),
        AccessedAt = entry.Time("AccessedAt"),
    };

    public static NamespaceProperties ReadNamespace(AtomEntry entry) => new()
    {
        Name = entry.Text("Name") ?? entry.Title,
        CreatedTime = entry.Time("CreatedTime"),
        ModifiedTime = entry.Time("ModifiedTime"),
        MessagingSku = Enum.TryParse<MessagingSku>(entry.Text("MessagingSKU"), ignoreCase: true, out var sku)
            ? sku
            : MessagingSku.Standard,
        MessagingUnits = entry.Int("MessagingUnits"),
    };
}
