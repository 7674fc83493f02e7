// When a timer function fires: an NCRONTAB expression or a plain interval.
using System.Globalization;

namespace ServerlessEventing.Local.FunctionsHost.Timers;

/// <summary>A timer's schedule, evaluated in a time zone's wall clock as the real host does.</summary>
public sealed class TimerSchedule
{
    private readonly CronExpression? cron;
    private readonly TimeSpan interval;
    private readonly string text;

    private TimerSchedule(string text, CronExpression? cron, TimeSpan interval)
    {
        this.text = text;
        this.cron = cron;
        this.interval = interval;
    }

    /// <summary>Reads six fields (seconds first), five fields, or a time span; otherwise says why not.</summary>
    public static bool TryParse(string text, out TimerSchedule? schedule, out string why)
    {
        schedule = null;
        var trimmed = text.Trim();
        if (trimmed.Contains(':') && TimeSpan.TryParse(trimmed, CultureInfo.InvariantCulture, out var interval))
        {
            why = interval > TimeSpan.Zero ? "" : "an interval must be longer than nothing.";
            schedule = interval > TimeSpan.Zero ? new(trimmed, null, interval) : null;
            return schedule is not null;
        }

        if (!CronExpression.TryParse(trimmed, out var cron, out why))
        {
            return false;
        }

        schedule = new(trimmed, cron, TimeSpan.Zero);
        return true;
    }

    /// <summary>The first time after <paramref name="after"/>; null when the expression never fires again.</summary>
    public DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo zone)
    {
        if (cron is null)
        {
            return after + interval;
        }

        var wall = TimeZoneInfo.ConvertTime(after, zone).DateTime;
        while (cron.Next(wall) is { } next)
        {
            wall = next;
            // A wall-clock time that the clocks jump over fires at the first moment that exists after it.
            var existing = next;
            while (zone.IsInvalidTime(existing))
            {
                existing = existing.AddMinutes(1);
            }

            var moment = new DateTimeOffset(existing, zone.GetUtcOffset(existing));
            if (moment > after)
            {
                return moment;
            }
        }

        return null;
    }

    /// <summary>True when it fires more than once a minute: such a timer is never monitored.</summary>
    public bool IsFasterThanMonitored(DateTimeOffset now, TimeZoneInfo zone)
    {
        var previous = now;
        for (var i = 0; i < 5 && Next(previous, zone) is { } next; i++)
        {
            if (i > 0 && next - previous < TimeSpan.FromMinutes(1))
            {
                return true;
            }

            previous = next;
        }

        return cron is null && interval < TimeSpan.FromMinutes(1);
    }

    public override string ToString() => text;
}
