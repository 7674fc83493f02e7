// A queue's settings, with Azure's defaults.
namespace ServerlessEventing.Local.ServiceBus.Entities;

/// <summary>What the management API knows about a queue. <see cref="TimeSpan.MaxValue"/> is "never".</summary>
public sealed record QueueDescription : EntityDescription
{
    public bool RequiresDuplicateDetection { get; init; }

    public TimeSpan DuplicateDetectionWindow { get; init; } = TimeSpan.FromMinutes(10);

    public TimeSpan LockDuration { get; init; } = TimeSpan.FromMinutes(1);

    public int MaxDeliveryCount { get; init; } = 10;

    public bool RequiresSession { get; init; }

    public bool DeadLetteringOnMessageExpiration { get; init; }

    public string? ForwardTo { get; init; }

    public string? ForwardDeadLetteredMessagesTo { get; init; }

    public long MaxSizeInMegabytes { get; init; } = 1024;

    public long MaxMessageSizeInKilobytes { get; init; } = EntityLimits.DefaultMessageKilobytes;

    public bool EnablePartitioning { get; init; }

    public bool EnableExpress { get; init; }
}
