// Rolls the dice for the quirks of Azure, and counts.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Safe from any thread.</summary>
internal sealed class Quirks(AzureQuirks settings, BrokerCounters counters)
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(settings.Seed);

    public TimeSpan IdleLimit => settings.IdleLimit;

    public TimeSpan RuleOverlap => settings.RuleOverlap;

    /// <summary>The time, in Unix milliseconds, at which a message scheduled for a time comes.</summary>
    public long Scheduled(long time)
    {
        var error = (long)(settings.ScheduleError.TotalMilliseconds * ((2 * Roll()) - 1));
        Count(Quirk.ScheduleError, error != 0);
        return time + error;
    }

    /// <summary>Milliseconds until a forwarded message can be received.</summary>
    public long ForwardLag()
    {
        var lag = (long)(settings.ForwardLag.TotalMilliseconds * Roll());
        Count(Quirk.ForwardLag, lag > 0);
        return lag;
    }

    public bool Throttles()
    {
        var throttled = Roll() < settings.ThrottledShare;
        Count(Quirk.Throttling, throttled);
        return throttled;
    }

    public void Count(Quirk quirk, bool happened = true)
    {
        if (happened)
        {
            counters.Quirked(quirk);
        }
    }

    private double Roll()
    {
        lock (_gate)
        {
            return _random.NextDouble();
        }
    }
}
