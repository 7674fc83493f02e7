// How often and how patiently a failed operation is tried again.
namespace ServerlessEventing.ServiceBus;

/// <summary>How the time between tries grows.</summary>
public enum ServiceBusRetryMode
{
    /// <summary>The same <see cref="ServiceBusRetryOptions.Delay"/> each time.</summary>
    Fixed,

    /// <summary>Doubling from <see cref="ServiceBusRetryOptions.Delay"/>, with some jitter.</summary>
    Exponential,
}

/// <summary>Limits on trying again after a transient failure.</summary>
public sealed class ServiceBusRetryOptions
{
    private static readonly TimeSpan LongestTry = TimeSpan.FromHours(1);

    private int maxRetries = 3;
    private TimeSpan delay = TimeSpan.FromSeconds(0.8);
    private TimeSpan maxDelay = TimeSpan.FromMinutes(1);
    private TimeSpan tryTimeout = TimeSpan.FromMinutes(1);

    /// <summary>How the delay grows.</summary>
    public ServiceBusRetryMode Mode { get; set; } = ServiceBusRetryMode.Exponential;

    /// <summary>How many more tries follow the first, 0 to 100.</summary>
    public int MaxRetries
    {
        get => maxRetries;
        set => maxRetries = value is >= 0 and <= 100
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "MaxRetries must be between 0 and 100.");
    }

    /// <summary>The delay before the second try, at most five minutes.</summary>
    public TimeSpan Delay
    {
        get => delay;
        set => delay = value >= TimeSpan.FromMilliseconds(1) && value <= TimeSpan.FromMinutes(5)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Delay must be between 1 ms and 5 min.");
    }

    /// <summary>The longest delay between two tries.</summary>
    public TimeSpan MaxDelay
    {
        get => maxDelay;
        set => maxDelay = value >= TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "MaxDelay must not be negative.");
    }

    /// <summary>How long one try may take, at most an hour.</summary>
    public TimeSpan TryTimeout
    {
        get => tryTimeout;
        set => tryTimeout = value > TimeSpan.Zero && value <= LongestTry
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "TryTimeout must be between 0 and 1 h.");
    }
}
