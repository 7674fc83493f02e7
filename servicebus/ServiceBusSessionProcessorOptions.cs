// Settings of a session processor.
namespace ServerlessEventing.ServiceBus;

/// <summary>Options of a <see cref="ServiceBusSessionProcessor"/>.</summary>
public sealed class ServiceBusSessionProcessorOptions
{
    private int prefetchCount;
    private int maxConcurrentSessions = 8;
    private int maxConcurrentCallsPerSession = 1;
    private TimeSpan? sessionIdleTimeout;
    private TimeSpan maxAutoLockRenewalDuration = TimeSpan.FromMinutes(5);

    /// <summary>Names the processor in the service's diagnostics; made up when not set.</summary>
    public string? Identifier { get; set; }

    /// <summary>How many messages of a session to hold ready beyond those being handled, at most 10,000.</summary>
    public int PrefetchCount
    {
        get => prefetchCount;
        set => prefetchCount = Wire.Limits.Prefetch(value);
    }

    /// <summary>When a received message leaves its queue.</summary>
    public ServiceBusReceiveMode ReceiveMode { get; set; } = ServiceBusReceiveMode.PeekLock;

    /// <summary>Whether a handler that returns without settling its message has completed it.</summary>
    public bool AutoCompleteMessages { get; set; } = true;

    /// <summary>For how long a session's lock is renewed while one message is handled; zero is never.</summary>
    public TimeSpan MaxAutoLockRenewalDuration
    {
        get => maxAutoLockRenewalDuration;
        set => maxAutoLockRenewalDuration = value >= TimeSpan.Zero || value == Timeout.InfiniteTimeSpan
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, "MaxAutoLockRenewalDuration must not be negative.");
    }

    /// <summary>How many sessions are held at once, 1 to 1,000.</summary>
    public int MaxConcurrentSessions
    {
        get => maxConcurrentSessions;
        set => maxConcurrentSessions = value is > 0 and <= Wire.Limits.MaxConcurrentSessions
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, $"MaxConcurrentSessions must be 1 to {Wire.Limits.MaxConcurrentSessions}.");
    }

    /// <summary>How many messages of one session are handled at once; more than one gives up their order.</summary>
    public int MaxConcurrentCallsPerSession
    {
        get => maxConcurrentCallsPerSession;
        set => maxConcurrentCallsPerSession = value is > 0 and <= Wire.Limits.MaxConcurrentCalls
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value),
                value,
                $"MaxConcurrentCallsPerSession must be 1 to {Wire.Limits.MaxConcurrentCalls}.");
    }

    /// <summary>A session without a message for so long is given back for another; one try's timeout if not set.</summary>
    public TimeSpan? SessionIdleTimeout
    {
        get => sessionIdleTimeout;
        set => sessionIdleTimeout = value is null || value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "SessionIdleTimeout must be positive.");
    }

    /// <summary>The sessions to process; any that is free when there are none.</summary>
    public IList<string> SessionIds { get; } = [];
}
