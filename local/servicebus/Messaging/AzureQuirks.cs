// How pessimistic an emulator with Azure's quirks is.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// Where Azure promises little, the emulator then does its worst, by chance but the same for the same seed and order of
/// calls. Set a part to zero to leave it out.
/// </summary>
public sealed record AzureQuirks
{
    public int Seed { get; init; } = 1;

    /// <summary>After a rule is changed, what the old or the new one matches passes for this long.</summary>
    public TimeSpan RuleOverlap { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A scheduled message comes up to this much early or late.</summary>
    public TimeSpan ScheduleError { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A forwarded message can be received up to this much after it was sent, and out of order.</summary>
    public TimeSpan ForwardLag { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The share of sends and requests that are answered "server-busy, 50009", 0 to 1.</summary>
    public double ThrottledShare { get; init; } = 0.01;

    /// <summary>A connection over which nothing but heartbeats went for so long is closed.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>What may happen with <see cref="AzureQuirks"/>.</summary>
public enum Quirk
{
    RuleOverlap,
    ScheduleError,
    ForwardLag,
    Throttling,
    IdleDisconnect,
}
