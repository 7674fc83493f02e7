// A cron schedule and when it fires next: exactly robfig/cron v3's times, zones and their changes of clock included.
using System.Diagnostics.CodeAnalysis;

namespace ServerlessEventing.Contract.Cron;

/// <summary>A schedule that was read; never changed.</summary>
/// <remarks>
/// The walk of robfig's <c>spec.go</c>: from the coming second, each field from the month down is raised to its next
/// set value, and whenever one of them turns over, everything begins again from the month.
/// <code>
///   month ─► day ─► hour ─► minute ─► second ─► there
///     ▲        │       │        │         │ turned over
///     └────────┴───────┴────────┴─────────┘
/// </code>
/// A wall-clock time that a change of clocks leaves out is skipped that day; one that comes twice fires twice.
/// </remarks>
public sealed class CronSchedule
{
    /// <summary>Years ahead after which nothing is thought to come: 30 February.</summary>
    private const int Horizon = 5;

    private const int LastYear = 9990;

    private readonly ulong[] sets;
    private readonly TimeZoneInfo zone;
    private readonly TimeSpan interval;

    private CronSchedule(ulong[] sets, TimeZoneInfo zone, TimeSpan interval)
    {
        this.sets = sets;
        this.zone = zone;
        this.interval = interval;
    }

    /// <summary>The zone its fields are read in.</summary>
    public TimeZoneInfo TimeZone => zone;

    private ulong Seconds => sets[0];

    private ulong Minutes => sets[1];

    private ulong Hours => sets[2];

    private ulong Days => sets[3];

    private ulong Months => sets[4];

    private ulong WeekDays => sets[5];

    /// <summary>Reads a schedule; else <paramref name="fault"/> says what is wrong, and where.</summary>
    /// <param name="text">Fields or a descriptor, with or without a <c>CRON_TZ=</c> prefix.</param>
    /// <param name="timeZone">IANA name of the zone it is read in; empty: UTC, or what the prefix says.</param>
    /// <param name="dialect">Whose schedules are taken.</param>
    /// <param name="schedule">The schedule.</param>
    /// <param name="fault">The mistake.</param>
    public static bool TryParse(
        string text,
        string timeZone,
        CronDialect dialect,
        [NotNullWhen(true)] out CronSchedule? schedule,
        [NotNullWhen(false)] out CronFault? fault) =>
        CronParser.TryParse(text, timeZone, dialect, out schedule, out fault);

    /// <summary>The first time after <paramref name="after"/>, in UTC; null when none is within five years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        if (after.Year > LastYear)
        {
            return null;
        }

        if (interval > TimeSpan.Zero)
        {
            // robfig counts from the start of its process; counted from 1970 every instance finds the same times.
            var past = (after.UtcDateTime - DateTime.UnixEpoch).Ticks;
            var periods = (past / interval.Ticks) + (past < 0 && past % interval.Ticks != 0 ? 0 : 1);
            return DateTimeOffset.UnixEpoch.AddTicks(periods * interval.Ticks);
        }

        var second = after.Ticks - (after.Ticks % TimeSpan.TicksPerSecond) + TimeSpan.TicksPerSecond;
        var walk = new WallClock(zone, new DateTimeOffset(second, after.Offset));
        return Walk(ref walk) ? walk.Now.ToUniversalTime() : null;
    }

    internal static CronSchedule OfFields(ulong[] sets, TimeZoneInfo zone) => new(sets, zone, TimeSpan.Zero);

    internal static CronSchedule EveryInterval(TimeSpan interval) => new([], TimeZoneInfo.Utc, interval);

    private bool Walk(ref WallClock clock)
    {
        var limit = clock.Now.Year + Horizon;
        var moved = false;
        while (clock.Now.Year <= limit)
        {
            if (ToMonth(ref clock, ref moved) && ToDay(ref clock, ref moved) && ToHour(ref clock, ref moved)
                && ToMinute(ref clock, ref moved) && ToSecond(ref clock, ref moved))
            {
                return true;
            }
        }

        return false;
    }

    // Each answers false when it turned over what is above it. What is below is set to its start once only: after
    // that first move it is there already.
    private bool ToMonth(ref WallClock clock, ref bool moved)
    {
        while (!Has(Months, clock.Now.Month))
        {
            if (!moved)
            {
                moved = true;
                clock.Set(clock.Now.Year, clock.Now.Month, 1, 0);
            }

            clock.AddMonth();
            if (clock.Now.Month == 1)
            {
                return false;
            }
        }

        return true;
    }

    private bool ToDay(ref WallClock clock, ref bool moved)
    {
        while (!HasDay(clock.Now))
        {
            if (!moved)
            {
                moved = true;
                clock.Set(clock.Now.Year, clock.Now.Month, clock.Now.Day, 0);
            }

            clock.AddDay();
            // Midnight may be left out, or come twice; the day still begins as near to it as it can.
            if (clock.Now.Hour != 0)
            {
                clock.Add(TimeSpan.FromHours(clock.Now.Hour > 12 ? 24 - clock.Now.Hour : -clock.Now.Hour));
            }

            if (clock.Now.Day == 1)
            {
                return false;
            }
        }

        return true;
    }

    private bool ToHour(ref WallClock clock, ref bool moved)
    {
        while (!Has(Hours, clock.Now.Hour))
        {
            if (!moved)
            {
                moved = true;
                clock.Set(clock.Now.Year, clock.Now.Month, clock.Now.Day, clock.Now.Hour);
            }

            clock.Add(TimeSpan.FromHours(1));
            if (clock.Now.Hour == 0)
            {
                return false;
            }
        }

        return true;
    }

    private bool ToMinute(ref WallClock clock, ref bool moved)
    {
        while (!Has(Minutes, clock.Now.Minute))
        {
            if (!moved)
            {
                moved = true;
                clock.Add(TimeSpan.FromSeconds(-clock.Now.Second));
            }

            clock.Add(TimeSpan.FromMinutes(1));
            if (clock.Now.Minute == 0)
            {
                return false;
            }
        }

        return true;
    }

    private bool ToSecond(ref WallClock clock, ref bool moved)
    {
        while (!Has(Seconds, clock.Now.Second))
        {
            moved = true;
            clock.Add(TimeSpan.FromSeconds(1));
            if (clock.Now.Second == 0)
            {
                return false;
            }
        }

        return true;
    }

    // Both day fields given: either will do. One of them a star: both must match.
    private bool HasDay(DateTimeOffset now)
    {
        var day = Has(Days, now.Day);
        var weekDay = Has(WeekDays, (int)now.DayOfWeek);
        return ((Days | WeekDays) & CronField.Star) != 0 ? day && weekDay : day || weekDay;
    }

    private static bool Has(ulong set, int value) => (set & (1UL << value)) != 0;
}
