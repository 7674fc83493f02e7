// A bus subscription as the service has it; change what can be set and update.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>The properties of a bus subscription.</summary>
public sealed class SubscriptionProperties
{
    internal SubscriptionProperties(string topicName, string subscriptionName)
    {
        TopicName = topicName;
        SubscriptionName = subscriptionName;
    }

    /// <summary>The topic.</summary>
    public string TopicName { get; }

    /// <summary>The name of the bus subscription.</summary>
    public string SubscriptionName { get; }

    /// <summary>How long a received message stays locked.</summary>
    public TimeSpan LockDuration { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether messages are received by session.</summary>
    public bool RequiresSession { get; internal set; }

    /// <summary>How long a message lives at most.</summary>
    public TimeSpan DefaultMessageTimeToLive { get; set; } = TimeSpan.MaxValue;

    /// <summary>Whether an expired message goes to the DLQ.</summary>
    public bool DeadLetteringOnMessageExpiration { get; set; }

    /// <summary>Whether a message a rule fails on goes to the DLQ.</summary>
    public bool EnableDeadLetteringOnFilterEvaluationExceptions { get; set; } = true;

    /// <summary>After how many deliveries a message goes to the DLQ.</summary>
    public int MaxDeliveryCount { get; set; } = 10;

    /// <summary>Whether the service batches its own writes.</summary>
    public bool EnableBatchedOperations { get; set; } = true;

    /// <summary>Whether it takes and gives messages.</summary>
    public EntityStatus Status { get; set; } = EntityStatus.Active;

    /// <summary>The queue or topic its messages go on to.</summary>
    public string? ForwardTo { get; set; }

    /// <summary>A note of the owner, at most 1,024 characters.</summary>
    public string UserMetadata { get; set; } = "";

    /// <summary>The queue or topic its dead-lettered messages go on to.</summary>
    public string? ForwardDeadLetteredMessagesTo { get; set; }

    /// <summary>After how long without use it is deleted.</summary>
    public TimeSpan AutoDeleteOnIdle { get; set; } = TimeSpan.MaxValue;
}
