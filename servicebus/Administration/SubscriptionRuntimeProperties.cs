// How a bus subscription is doing.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Counts and times of a bus subscription; they change by the moment.</summary>
public sealed class SubscriptionRuntimeProperties
{
    internal SubscriptionRuntimeProperties()
    {
    }

    /// <summary>The topic.</summary>
    public string TopicName { get; internal init; } = "";

    /// <summary>The name of the bus subscription.</summary>
    public string SubscriptionName { get; internal init; } = "";

    /// <summary>All messages, the DLQ included.</summary>
    public long TotalMessageCount { get; internal init; }

    /// <summary>Messages ready to be received.</summary>
    public long ActiveMessageCount { get; internal init; }

    /// <summary>Messages in the DLQ.</summary>
    public long DeadLetterMessageCount { get; internal init; }

    /// <summary>Messages on their way to another entity.</summary>
    public long TransferMessageCount { get; internal init; }

    /// <summary>Messages that could not get to another entity.</summary>
    public long TransferDeadLetterMessageCount { get; internal init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; internal init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset UpdatedAt { get; internal init; }

    /// <summary>When it was last used.</summary>
    public DateTimeOffset AccessedAt { get; internal init; }
}
