// What a bus subscription is to be like.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Options for creating a bus subscription.</summary>
public sealed class CreateSubscriptionOptions
{
    /// <summary>Options with the service's defaults.</summary>
    public CreateSubscriptionOptions(string topicName, string subscriptionName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(topicName);
        ArgumentException.ThrowIfNullOrWhiteSpace(subscriptionName);
        TopicName = topicName;
        SubscriptionName = subscriptionName;
    }

    /// <summary>Options for one like an existing bus subscription.</summary>
    public CreateSubscriptionOptions(SubscriptionProperties subscription)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        TopicName = subscription.TopicName;
        SubscriptionName = subscription.SubscriptionName;
        LockDuration = subscription.LockDuration;
        RequiresSession = subscription.RequiresSession;
        DefaultMessageTimeToLive = subscription.DefaultMessageTimeToLive;
        DeadLetteringOnMessageExpiration = subscription.DeadLetteringOnMessageExpiration;
        EnableDeadLetteringOnFilterEvaluationExceptions = subscription.EnableDeadLetteringOnFilterEvaluationExceptions;
        MaxDeliveryCount = subscription.MaxDeliveryCount;
        EnableBatchedOperations = subscription.EnableBatchedOperations;
        Status = subscription.Status;
        ForwardTo = subscription.ForwardTo;
        UserMetadata = subscription.UserMetadata;
        ForwardDeadLetteredMessagesTo = subscription.ForwardDeadLetteredMessagesTo;
        AutoDeleteOnIdle = subscription.AutoDeleteOnIdle;
    }

    /// <summary>The topic.</summary>
    public string TopicName { get; set; }

    /// <summary>The name of the bus subscription.</summary>
    public string SubscriptionName { get; set; }

    /// <summary>How long a received message stays locked.</summary>
    public TimeSpan LockDuration { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether messages are received by session.</summary>
    public bool RequiresSession { get; set; }

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

    internal SubscriptionProperties ToProperties() => new(TopicName, SubscriptionName)
    {
        LockDuration = LockDuration,
        RequiresSession = RequiresSession,
        DefaultMessageTimeToLive = DefaultMessageTimeToLive,
        DeadLetteringOnMessageExpiration = DeadLetteringOnMessageExpiration,
        EnableDeadLetteringOnFilterEvaluationExceptions = EnableDeadLetteringOnFilterEvaluationExceptions,
        MaxDeliveryCount = MaxDeliveryCount,
        EnableBatchedOperations = EnableBatchedOperations,
        Status = Status,
        ForwardTo = ForwardTo,
        UserMetadata = UserMetadata,
        ForwardDeadLetteredMessagesTo = ForwardDeadLetteredMessagesTo,
        AutoDeleteOnIdle = AutoDeleteOnIdle,
    };
}
