// How a topic is doing.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Counts and times of a topic; they change by the moment.</summary>
public sealed class TopicRuntimeProperties
{
    internal TopicRuntimeProperties()
    {
    }

    /// <summary>The name of the topic.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>How many bus subscriptions it has.</summary>
    public int SubscriptionCount { get; internal init; }

    /// <summary>Messages waiting for their time.</summary>
    public long ScheduledMessageCount { get; internal init; }

    /// <summary>What its messages take up.</summary>
    public long SizeInBytes { get; internal init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; internal init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset UpdatedAt { get; internal init; }

    /// <summary>When it was last used.</summary>
    public DateTimeOffset AccessedAt { get; internal init; }
}
