// The entities of the official emulator's config.json.
using ServerlessEventing.Local.ServiceBus.Entities;

namespace ServerlessEventing.Local.ServiceBus.Configuration;

/// <summary>An entity to be there at start, with the line that asks for it.</summary>
internal sealed record ConfiguredEntity(int Line, EntityDescription Description)
{
    public IReadOnlyList<RuleDescription> Rules { get; init; } = [];

    /// <summary>Entities that have to be there before this one.</summary>
    public IEnumerable<string> Needs => Description switch
    {
        QueueDescription queue => Named(queue.ForwardTo, queue.ForwardDeadLetteredMessagesTo),
        SubscriptionDescription subscription => Named(
            subscription.Topic, subscription.ForwardTo, subscription.ForwardDeadLetteredMessagesTo),
        _ => [],
    };

    private static IEnumerable<string> Named(params string?[] names) => names.OfType<string>();
}

/// <summary>
/// <c>UserConfig.Namespaces[0]</c> with Queues, Topics, Subscriptions and Rules, as the official emulator's schema has
/// them; its narrow limits are not copied, what Azure allows is allowed.
/// </summary>
internal static class EntityConfig
{
    private static readonly string[] QueueProperties =
    [
        "DeadLetteringOnMessageExpiration", "DefaultMessageTimeToLive", "DuplicateDetectionHistoryTimeWindow",
        "ForwardDeadLetteredMessagesTo", "ForwardTo", "LockDuration", "MaxDeliveryCount",
        "RequiresDuplicateDetection", "RequiresSession",
    ];

    private static readonly string[] TopicProperties =
        ["DefaultMessageTimeToLive", "DuplicateDetectionHistoryTimeWindow", "RequiresDuplicateDetection"];

    private static readonly string[] SubscriptionProperties =
    [
        "DeadLetteringOnMessageExpiration", "DefaultMessageTimeToLive", "LockDuration", "MaxDeliveryCount",
        "ForwardDeadLetteredMessagesTo", "ForwardTo", "RequiresSession",
    ];

    private static readonly string[] CorrelationProperties =
    [
        "ContentType", "CorrelationId", "Label", "MessageId", "ReplyTo", "ReplyToSessionId", "SessionId", "To",
        "Properties",
    ];

    public static List<ConfiguredEntity> Read(ReadOnlySpan<byte> text)
    {
        var user = ConfigNode.Parse(text).Knows("$schema", "UserConfig").Needs("UserConfig");
        var namespaces = user.Knows("Namespaces", "Logging").Items("Namespaces");
        if (namespaces.Count != 1)
        {
            throw new ConfigException(user.Line, $"There must be one namespace; there are {namespaces.Count}.");
        }

        var only = namespaces[0].Knows("Name", "Queues", "Topics");
        return [.. only.Items("Queues").Select(ReadQueue), .. only.Items("Topics").SelectMany(ReadTopic)];
    }

    private static ConfiguredEntity ReadQueue(ConfigNode queue)
    {
        var usual = new QueueDescription { Name = queue.Knows("Name", "Properties").Needs("Name").Text };
        if (queue.Member("Properties")?.Knows(QueueProperties) is not { } given)
        {
            return new ConfiguredEntity(queue.Line, usual);
        }

        return new ConfiguredEntity(queue.Line, usual with
        {
            DeadLetteringOnMessageExpiration = given.Flag("DeadLetteringOnMessageExpiration"),
            DefaultMessageTimeToLive = given.Duration("DefaultMessageTimeToLive", usual.DefaultMessageTimeToLive),
            DuplicateDetectionWindow =
                given.Duration("DuplicateDetectionHistoryTimeWindow", usual.DuplicateDetectionWindow),
            ForwardDeadLetteredMessagesTo = given.TextOf("ForwardDeadLetteredMessagesTo"),
            ForwardTo = given.TextOf("ForwardTo"),
            LockDuration = given.Duration("LockDuration", usual.LockDuration),
            MaxDeliveryCount = given.Number("MaxDeliveryCount", usual.MaxDeliveryCount),
            RequiresDuplicateDetection = given.Flag("RequiresDuplicateDetection"),
            RequiresSession = given.Flag("RequiresSession"),
        });
    }

    private static IEnumerable<ConfiguredEntity> ReadTopic(ConfigNode topic)
    {
        var usual = new TopicDescription
        {
            Name = topic.Knows("Name", "Properties", "Subscriptions").Needs("Name").Text,
        };
        var given = topic.Member("Properties")?.Knows(TopicProperties);
        yield return new ConfiguredEntity(topic.Line, given is null ? usual : usual with
        {
            DefaultMessageTimeToLive = given.Duration("DefaultMessageTimeToLive", usual.DefaultMessageTimeToLive),
            DuplicateDetectionWindow =
                given.Duration("DuplicateDetectionHistoryTimeWindow", usual.DuplicateDetectionWindow),
            RequiresDuplicateDetection = given.Flag("RequiresDuplicateDetection"),
        });
        foreach (var subscription in topic.Items("Subscriptions"))
        {
            yield return ReadSubscription(usual.Name, subscription);
        }
    }

    private static ConfiguredEntity ReadSubscription(string topic, ConfigNode subscription)
    {
        var name = subscription.Knows("Name", "Properties", "Rules").Needs("Name").Text;
        var usual = new SubscriptionDescription { Topic = topic, Name = name };
        var given = subscription.Member("Properties")?.Knows(SubscriptionProperties);
        var description = given is null ? usual : usual with
        {
            DeadLetteringOnMessageExpiration = given.Flag("DeadLetteringOnMessageExpiration"),
            DefaultMessageTimeToLive = given.Duration("DefaultMessageTimeToLive", usual.DefaultMessageTimeToLive),
            LockDuration = given.Duration("LockDuration", usual.LockDuration),
            MaxDeliveryCount = given.Number("MaxDeliveryCount", usual.MaxDeliveryCount),
            ForwardDeadLetteredMessagesTo = given.TextOf("ForwardDeadLetteredMessagesTo"),
            ForwardTo = given.TextOf("ForwardTo"),
            RequiresSession = given.Flag("RequiresSession"),
        };
        var rules = subscription.Items("Rules").ConvertAll(ReadRule);
        if (rules.Count == 0)
        {
            rules.Add(new RuleDescription { Name = RuleDescription.DefaultName, Filter = FilterKind.True });
        }

        return new ConfiguredEntity(subscription.Line, description) { Rules = rules };
    }

    private static RuleDescription ReadRule(ConfigNode rule)
    {
        var name = rule.Knows("Name", "Properties").Needs("Name").Text;
        var given = rule.Needs("Properties").Knows("FilterType", "CorrelationFilter", "SqlFilter", "Action");
        var type = given.Needs("FilterType");
        var action = given.Member("Action")?.Knows("SqlExpression").TextOf("SqlExpression");
        return type.Text.ToUpperInvariant() switch
        {
            "SQL" => new RuleDescription
            {
                Name = name,
                Filter = FilterKind.Sql,
                SqlExpression = given.Needs("SqlFilter").Knows("SqlExpression").Needs("SqlExpression").Text,
                ActionExpression = action,
            },
            "CORRELATION" => new RuleDescription
            {
                Name = name,
                Filter = FilterKind.Correlation,
                Correlation = ReadFields(given.Needs("CorrelationFilter").Knows(CorrelationProperties)),
                ActionExpression = action,
            },
            _ => throw new ConfigException(
                type.Line, $"'FilterType' must be Correlation or Sql, not '{type.Text}'."),
        };
    }

    private static CorrelationFields ReadFields(ConfigNode fields) => new()
    {
        ContentType = fields.TextOf("ContentType"),
        CorrelationId = fields.TextOf("CorrelationId"),
        Label = fields.TextOf("Label"),
        MessageId = fields.TextOf("MessageId"),
        ReplyTo = fields.TextOf("ReplyTo"),
        ReplyToSessionId = fields.TextOf("ReplyToSessionId"),
        SessionId = fields.TextOf("SessionId"),
        To = fields.TextOf("To"),
        Properties = (fields.Member("Properties")?.Members ?? new Dictionary<string, ConfigNode>())
            .ToDictionary(pair => pair.Key, pair => new TypedValue("string", pair.Value.Text)),
    };
}
