// What a receiver that attaches asks for in the way of sessions, and how it is answered.
using Amqp.Framing;
using Amqp.Types;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>The session wanted (null: the next one that is free), and how long the receiver is ready to wait.</summary>
internal sealed record SessionFilter(string? Id, TimeSpan Patience)
{
    private const string FilterName = "com.microsoft:session-filter";
    private const string TimeoutName = "com.microsoft:timeout";
    private const string LockedUntilName = "com.microsoft:locked-until-utc";
    private const int MaxPatienceSeconds = 600;
    private const int UsualPatienceSeconds = 60;

    /// <summary>Null when the receiver asks for no session.</summary>
    public static SessionFilter? Read(Attach attach)
    {
        if ((attach.Source as Source)?.FilterSet is not { } filters
            || !filters.TryGetValue(new Symbol(FilterName), out var wanted))
        {
            return null;
        }

        object? timeout = null;
        _ = attach.Properties?.TryGetValue(new Symbol(TimeoutName), out timeout);
        var patience = timeout switch
        {
            uint milliseconds => TimeSpan.FromMilliseconds(milliseconds),
            int milliseconds and > 0 => TimeSpan.FromMilliseconds(milliseconds),
            _ => TimeSpan.FromSeconds(UsualPatienceSeconds),
        };
        return new SessionFilter(
            (wanted is DescribedValue described ? described.Value : wanted) as string,
            TimeSpan.FromSeconds(Math.Min(patience.TotalSeconds, MaxPatienceSeconds)));
    }

    /// <summary>The peer's source with the session it got in place of the one it asked for.</summary>
    public static Source Granted(object? asked, string session) => new()
    {
        Address = (asked as Source)?.Address,
        FilterSet = new Map { [new Symbol(FilterName)] = session },
    };

    /// <summary>In .NET ticks, as clients expect it.</summary>
    public static Fields LockedUntil(long milliseconds) => new()
    {
        [new Symbol(LockedUntilName)] = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).UtcTicks,
    };
}
