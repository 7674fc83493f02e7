// What queues, topics and bus subscriptions have in common.
namespace ServerlessEventing.Local.ServiceBus.Entities;

/// <summary>The shared part of an entity's settings.</summary>
public abstract record EntityDescription
{
    /// <summary>The entity's own name: for a bus subscription, without its topic.</summary>
    public required string Name { get; init; }

    public TimeSpan DefaultMessageTimeToLive { get; init; } = TimeSpan.MaxValue;

    public TimeSpan AutoDeleteOnIdle { get; init; } = TimeSpan.MaxValue;

    public EntityStatus Status { get; init; }

    public string? UserMetadata { get; init; }

    public bool EnableBatchedOperations { get; init; } = true;

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }
}
