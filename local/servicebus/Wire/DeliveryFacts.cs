// What the broker says about a message when it hands it out.
namespace ServerlessEventing.Local.ServiceBus.Wire;

/// <summary>The broker's own header and annotation values; times are Unix milliseconds, 0 for "none".</summary>
internal readonly record struct DeliveryFacts
{
    public required long SequenceNumber { get; init; }

    public required long EnqueuedSequenceNumber { get; init; }

    public required long EnqueuedTime { get; init; }

    public long ScheduledTime { get; init; }

    public long ExpiresAt { get; init; }

    public long LockedUntil { get; init; }

    /// <summary>0 active, 1 deferred, 2 scheduled.</summary>
    public int State { get; init; }

    public int DeliveryCount { get; init; }
}
