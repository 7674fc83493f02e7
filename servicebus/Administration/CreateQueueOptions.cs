// What a queue is to be like.
using System.Xml.Linq;

namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Options for creating a queue.</summary>
public sealed class CreateQueueOptions
{
    /// <summary>Options with the service's defaults.</summary>
    public CreateQueueOptions(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
    }

    /// <summary>Options for one like an existing queue.</summary>
    public CreateQueueOptions(QueueProperties queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        Name = queue.Name;
        LockDuration = queue.LockDuration;
        MaxSizeInMegabytes = queue.MaxSizeInMegabytes;
        RequiresDuplicateDetection = queue.RequiresDuplicateDetection;
        RequiresSession = queue.RequiresSession;
        DefaultMessageTimeToLive = queue.DefaultMessageTimeToLive;
        DeadLetteringOnMessageExpiration = queue.DeadLetteringOnMessageExpiration;
        DuplicateDetectionHistoryTimeWindow = queue.DuplicateDetectionHistoryTimeWindow;
        MaxDeliveryCount = queue.MaxDeliveryCount;
        EnableBatchedOperations = queue.EnableBatchedOperations;
        Status = queue.Status;
        ForwardTo = queue.ForwardTo;
        UserMetadata = queue.UserMetadata;
        AutoDeleteOnIdle = queue.AutoDeleteOnIdle;
        EnablePartitioning = queue.EnablePartitioning;
        ForwardDeadLetteredMessagesTo = queue.ForwardDeadLetteredMessagesTo;
        MaxMessageSizeInKilobytes = queue.MaxMessageSizeInKilobytes;
        AuthorizationRules = queue.AuthorizationRules;
    }

    /// <summary>The name of the queue.</summary>
    public string Name { get; set; }

    /// <summary>How long a received message stays locked.</summary>
    public TimeSpan LockDuration { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How much the queue holds.</summary>
    public long MaxSizeInMegabytes { get; set; } = 1024;

    /// <summary>Whether a message whose id was seen within the window is dropped.</summary>
    public bool RequiresDuplicateDetection { get; set; }

    /// <summary>Whether messages are received by session.</summary>
    public bool RequiresSession { get; set; }

    /// <summary>How long a message lives at most.</summary>
    public TimeSpan DefaultMessageTimeToLive { get; set; } = TimeSpan.MaxValue;

    /// <summary>Whether an expired message goes to the DLQ.</summary>
    public bool DeadLetteringOnMessageExpiration { get; set; }

    /// <summary>How long message ids are remembered.</summary>
    public TimeSpan DuplicateDetectionHistoryTimeWindow { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>After how many deliveries a message goes to the DLQ.</summary>
    public int MaxDeliveryCount { get; set; } = 10;

    /// <summary>Whether the service batches its own writes.</summary>
    public bool EnableBatchedOperations { get; set; } = true;

    /// <summary>Whether the queue takes and gives messages.</summary>
    public EntityStatus Status { get; set; } = EntityStatus.Active;

    /// <summary>The queue or topic its messages go on to.</summary>
    public string? ForwardTo { get; set; }

    /// <summary>A note of the owner, at most 1,024 characters.</summary>
    public string UserMetadata { get; set; } = "";

    /// <summary>After how long without use it is deleted.</summary>
    public TimeSpan AutoDeleteOnIdle { get; set; } = TimeSpan.MaxValue;

    /// <summary>Whether it is spread over several brokers.</summary>
    public bool EnablePartitioning { get; set; }

    /// <summary>The queue or topic its dead-lettered messages go on to.</summary>
    public string? ForwardDeadLetteredMessagesTo { get; set; }

    /// <summary>The largest message it takes; premium only.</summary>
    public long? MaxMessageSizeInKilobytes { get; set; }

    internal XElement? AuthorizationRules { get; }

    internal QueueProperties ToProperties() => new(Name)
    {
        LockDuration = LockDuration,
        MaxSizeInMegabytes = MaxSizeInMegabytes,
        RequiresDuplicateDetection = RequiresDuplicateDetection,
        RequiresSession = RequiresSession,
        DefaultMessageTimeToLive = DefaultMessageTimeToLive,
        DeadLetteringOnMessageExpiration = DeadLetteringOnMessageExpiration,
        DuplicateDetectionHistoryTimeWindow = DuplicateDetectionHistoryTimeWindow,
        MaxDeliveryCount = MaxDeliveryCount,
        EnableBatchedOperations = EnableBatchedOperations,
        Status = Status,
        ForwardTo = ForwardTo,
        UserMetadata = UserMetadata,
        AutoDeleteOnIdle = AutoDeleteOnIdle,
        EnablePartitioning = EnablePartitioning,
        ForwardDeadLetteredMessagesTo = ForwardDeadLetteredMessagesTo,
        MaxMessageSizeInKilobytes = MaxMessageSizeInKilobytes,
        AuthorizationRules = AuthorizationRules,
    };
}
