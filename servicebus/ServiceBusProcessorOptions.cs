// Settings of a processor.
namespace ServerlessEventing.ServiceBus;

/// <summary>Options of a <see cref="ServiceBusProcessor"/>.</summary>
public sealed class ServiceBusProcessorOptions
{
    private int prefetchCount;
    private int maxConcurrentCalls = 1;
    private TimeSpan maxAutoLockRenewalDuration = TimeSpan.FromMinutes(5);

    /// <summary>Names the processor in the service's diagnostics; made up when not set.</summary>
    public string? Identifier { get; set; }

    /// <summary>How many messages to hold ready beyond those being handled, at most 10,000.</summary>
    public int PrefetchCount
    {
        get => prefetchCount;
        set => prefetchCount = Wire.Limits.Prefetch(value);
    }

    /// <summary>When a received message leaves its queue.</summary>
    public ServiceBusReceiveMode ReceiveMode { get; set; } = ServiceBusReceiveMode.PeekLock;

    /// <summary>Whether a handler that returns without settling its message has completed it.</summary>
    public bool AutoCompleteMessages { get; set; } = true;

    /// <summary>For how long a message's lock is renewed while it is handled; zero is never.</summary>
    public TimeSpan MaxAutoLockRenewalDuration
    {
        get => maxAutoLockRenewalDuration;
        set => maxAutoLockRenewalDuration = value >= TimeSpan.Zero || value == Timeout.InfiniteTimeSpan
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, "MaxAutoLockRenewalDuration must not be negative.");
    }

    /// <summary>How many messages are handled at once, 1 to 10,000.</summary>
    public int MaxConcurrentCalls
    {
        get => maxConcurrentCalls;
        set => maxConcurrentCalls = value is > 0 and <= Wire.Limits.MaxConcurrentCalls
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, $"MaxConcurrentCalls must be 1 to {Wire.Limits.MaxConcurrentCalls}.");
    }

    /// <summary>Which queue of the entity to read.</summary>
    public SubQueue SubQueue { get; set; }
}
