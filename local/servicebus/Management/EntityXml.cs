// Descriptions as XML, in the order and with the elements clients insist on.
using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Management;

/// <summary>Element order is DataContract order, as the service's own.</summary>
internal static class EntityXml
{
    public static readonly XNamespace ServiceBus =
        "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect";

    public static readonly XNamespace Instance = "http://www.w3.org/2001/XMLSchema-instance";
    private static readonly XNamespace Counts = "http://schemas.microsoft.com/netservices/2011/06/servicebus";
    private static readonly XNamespace Schema = "http://www.w3.org/2001/XMLSchema";

    public static XElement Namespace(DateTimeOffset now) => Root(
        "NamespaceInfo", null,
        Element("CreatedTime", AtomWriter.Time(DateTimeOffset.UnixEpoch)),
        Element("MessagingSKU", "Standard"),
        Element("ModifiedTime", AtomWriter.Time(now)),
        Element("Name", "localhost"),
        Element("NamespaceType", "Messaging"));

    public static XElement Queue(QueueNode node)
    {
        var queue = node.Queue;
        return Root(
            "QueueDescription", queue,
            Element("LockDuration", queue.LockDuration),
            Element("MaxSizeInMegabytes", queue.MaxSizeInMegabytes),
            Element("RequiresDuplicateDetection", queue.RequiresDuplicateDetection),
            Element("RequiresSession", queue.RequiresSession),
            Element("DefaultMessageTimeToLive", queue.DefaultMessageTimeToLive),
            Element("DeadLetteringOnMessageExpiration", queue.DeadLetteringOnMessageExpiration),
            Element("DuplicateDetectionHistoryTimeWindow", queue.DuplicateDetectionWindow),
            Element("MaxDeliveryCount", queue.MaxDeliveryCount),
            Element("EnableBatchedOperations", queue.EnableBatchedOperations),
            Element("SizeInBytes", node.Bytes),
            Element("MessageCount", Total(node)),
            Element("IsAnonymousAccessible", false),
            new XElement(ServiceBus + "AuthorizationRules"),
            Element("Status", queue.Status.ToString()),
            Element("ForwardTo", queue.ForwardTo),
            Element("UserMetadata", queue.UserMetadata),
            Element("CreatedAt", AtomWriter.Time(queue.CreatedAt)),
            Element("UpdatedAt", AtomWriter.Time(queue.UpdatedAt)),
            Element("AccessedAt", AtomWriter.Time(queue.UpdatedAt)),
            Element("SupportOrdering", true),
            CountDetails(node),
            Element("AutoDeleteOnIdle", queue.AutoDeleteOnIdle),
            Element("EnablePartitioning", queue.EnablePartitioning),
            Element("ForwardDeadLetteredMessagesTo", queue.ForwardDeadLetteredMessagesTo),
            Element("EntityAvailabilityStatus", "Available"),
            Element("EnableExpress", queue.EnableExpress),
            Element("MaxMessageSizeInKilobytes", queue.MaxMessageSizeInKilobytes));
    }

    public static XElement Topic(TopicNode node)
    {
        var topic = node.Topic;
        return Root(
            "TopicDescription", topic,
            Element("DefaultMessageTimeToLive", topic.DefaultMessageTimeToLive),
            Element("MaxSizeInMegabytes", topic.MaxSizeInMegabytes),
            Element("RequiresDuplicateDetection", topic.RequiresDuplicateDetection),
            Element("DuplicateDetectionHistoryTimeWindow", topic.DuplicateDetectionWindow),
            Element("EnableBatchedOperations", topic.EnableBatchedOperations),
            Element("SizeInBytes", node.Bytes),
            Element("FilteringMessagesBeforePublishing", false),
            Element("IsAnonymousAccessible", false),
            new XElement(ServiceBus + "AuthorizationRules"),
            Element("Status", topic.Status.ToString()),
            Element("UserMetadata", topic.UserMetadata),
            Element("CreatedAt", AtomWriter.Time(topic.CreatedAt)),
            Element("UpdatedAt", AtomWriter.Time(topic.UpdatedAt)),
            Element("AccessedAt", AtomWriter.Time(topic.UpdatedAt)),
            Element("SupportOrdering", topic.SupportOrdering),
            CountDetails(node),
            Element("SubscriptionCount", node.Subscriptions.Length),
            Element("AutoDeleteOnIdle", topic.AutoDeleteOnIdle),
            Element("EnablePartitioning", topic.EnablePartitioning),
            Element("EntityAvailabilityStatus", "Available"),
            Element("EnableExpress", topic.EnableExpress),
            Element("MaxMessageSizeInKilobytes", topic.MaxMessageSizeInKilobytes));
    }

    public static XElement Subscription(SubscriptionNode node)
    {
        var subscription = node.Subscription;
        return Root(
            "SubscriptionDescription", subscription,
            Element("LockDuration", subscription.LockDuration),
            Element("RequiresSession", subscription.RequiresSession),
            Element("DefaultMessageTimeToLive", subscription.DefaultMessageTimeToLive),
            Element("DeadLetteringOnMessageExpiration", subscription.DeadLetteringOnMessageExpiration),
            Element(
                "DeadLetteringOnFilterEvaluationExceptions", subscription.DeadLetteringOnFilterEvaluationExceptions),
            Element("MessageCount", Total(node)),
            Element("MaxDeliveryCount", subscription.MaxDeliveryCount),
            Element("EnableBatchedOperations", subscription.EnableBatchedOperations),
            Element("Status", subscription.Status.ToString()),
            Element("ForwardTo", subscription.ForwardTo),
            Element("CreatedAt", AtomWriter.Time(subscription.CreatedAt)),
            Element("UpdatedAt", AtomWriter.Time(subscription.UpdatedAt)),
            Element("AccessedAt", AtomWriter.Time(subscription.UpdatedAt)),
            Element("UserMetadata", subscription.UserMetadata),
            CountDetails(node),
            Element("ForwardDeadLetteredMessagesTo", subscription.ForwardDeadLetteredMessagesTo),
            Element("AutoDeleteOnIdle", subscription.AutoDeleteOnIdle),
            Element("EntityAvailabilityStatus", "Available"));
    }

    public static XElement Rule(RuleDescription rule)
    {
        var root = new XElement(
            ServiceBus + "RuleDescription",
            new XAttribute(XNamespace.Xmlns + "i", Instance),
            Filter(rule),
            rule.ActionExpression is { Length: > 0 } action
                ? Typed("Action", "SqlRuleAction", Element("SqlExpression", action), Element("CompatibilityLevel", 20))
                : Typed("Action", "EmptyRuleAction"),
            Element("CreatedAt", AtomWriter.Time(rule.CreatedAt)),
            Element("Name", rule.Name));
        root.SetAttributeValue("created", AtomWriter.Time(rule.CreatedAt));
        root.SetAttributeValue("updated", AtomWriter.Time(rule.CreatedAt));
        return root;
    }

    private static XElement Filter(RuleDescription rule) => rule.Filter switch
    {
        FilterKind.True => Sql("TrueFilter", "1=1"),
        FilterKind.False => Sql("FalseFilter", "1=0"),
        FilterKind.Sql => Sql("SqlFilter", rule.SqlExpression),
        _ => Correlation(rule.Correlation ?? new CorrelationFields()),
    };

    private static XElement Sql(string type, string? expression) =>
        Typed("Filter", type, Element("SqlExpression", expression), Element("CompatibilityLevel", 20));

    private static XElement Correlation(CorrelationFields fields)
    {
        // The prefixes are part of the contract: the JavaScript client cuts the type off after five characters.
        var properties = fields.Properties.Select(property => new XElement(
            ServiceBus + "KeyValueOfstringanyType",
            Element("Key", property.Key),
            new XElement(
                ServiceBus + "Value",
                new XAttribute(XNamespace.Xmlns + "d6p1", Schema),
                new XAttribute(Instance + "type", "d6p1:" + property.Value.Type),
                property.Value.Text)));
        return Typed(
            "Filter", "CorrelationFilter",
            Element("CorrelationId", fields.CorrelationId),
            Element("MessageId", fields.MessageId),
            Element("To", fields.To),
            Element("ReplyTo", fields.ReplyTo),
            Element("Label", fields.Label),
            Element("SessionId", fields.SessionId),
            Element("ReplyToSessionId", fields.ReplyToSessionId),
            Element("ContentType", fields.ContentType),
            fields.Properties.Count == 0 ? null : new XElement(ServiceBus + "Properties", properties));
    }

    private static XElement Typed(string name, string type, params ReadOnlySpan<XElement?> children)
    {
        var element = new XElement(ServiceBus + name, new XAttribute(Instance + "type", type));
        foreach (var child in children)
        {
            element.Add(child);
        }

        return element;
    }

    private static XElement Root(string name, EntityDescription? dates, params ReadOnlySpan<XElement?> children)
    {
        var root = new XElement(ServiceBus + name, new XAttribute(XNamespace.Xmlns + "i", Instance));
        foreach (var child in children)
        {
            root.Add(child);
        }

        if (dates is not null)
        {
            root.SetAttributeValue("created", AtomWriter.Time(dates.CreatedAt));
            root.SetAttributeValue("updated", AtomWriter.Time(dates.UpdatedAt));
        }

        return root;
    }

    /// <summary>Must carry exactly one attribute, the prefix d2p1.</summary>
    private static XElement CountDetails(EntityNode node)
    {
        var (active, scheduled) = node.Messages.Counts();
        return new XElement(
            ServiceBus + "CountDetails",
            new XAttribute(XNamespace.Xmlns + "d2p1", Counts),
            new XElement(Counts + "ActiveMessageCount", active),
            new XElement(Counts + "DeadLetterMessageCount", node.DeadLetters.Counts().Active),
            new XElement(Counts + "ScheduledMessageCount", scheduled),
            new XElement(Counts + "TransferMessageCount", 0),
            new XElement(Counts + "TransferDeadLetterMessageCount", 0));
    }

    private static int Total(EntityNode node)
    {
        var (active, scheduled) = node.Messages.Counts();
        return active + scheduled + node.DeadLetters.Counts().Active;
    }

    private static XElement? Element(string name, string? value) =>
        value is null ? null : new XElement(ServiceBus + name, value);

    private static XElement? Element(string name, bool value) => Element(name, value ? "true" : "false");

    private static XElement? Element(string name, long value) =>
        Element(name, value.ToString(CultureInfo.InvariantCulture));

    private static XElement? Element(string name, TimeSpan value) => Element(name, XmlConvert.ToString(value));
}
