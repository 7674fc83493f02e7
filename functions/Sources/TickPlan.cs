// Which ticks of which sources have to be on the bus by now, and which of them this instance has put there.
using ServerlessEventing.Contract.Cron;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Functions.Sources;

/// <summary>Pure but for its memory, which is only a saving: without it the bus drops what it has already.</summary>
/// <remarks>
/// <code>
///       in force since        now − 5 min              now          now + 2 min
///   ─────────┼──────────────────┼───────────────────────┼───────────────┼─────►
///    another's │     skipped    │      made up          │    ahead      │  later
/// </code>
/// A tick is planned no earlier than 2 min before its time and no later than 5 min after it: within the 10 minutes in
/// which <c>eventing-sources</c> knows a MessageId again, with 3 min to spare for a send that is under way. An instance
/// that starts plans all of that again, so what one took along when it was killed is made up by whoever comes next.
/// </remarks>
internal sealed class TickPlan
{
    public static readonly TimeSpan LookAhead = TimeSpan.FromMinutes(2);
    public static readonly TimeSpan LookBack = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Place> places = new(StringComparer.Ordinal);

    /// <summary>The ticks to enqueue, source by source in order of time.</summary>
    /// <param name="schedules">Every cron source there is; others are forgotten.</param>
    /// <param name="now">The time.</param>
    /// <param name="unreadable">Told of a schedule that cannot be read, once a generation.</param>
    public IReadOnlyList<Tick> Due(
        IEnumerable<Schedule> schedules, DateTimeOffset now, Action<Schedule, CronFault> unreadable)
    {
        List<Tick> due = [];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var schedule in schedules)
        {
            seen.Add(schedule.Uid);
            var place = PlaceOf(schedule, now, unreadable);
            if (place.Upcoming is { } behind && behind < now - LookBack)
            {
                place.Upcoming = place.Cron!.Next((now - LookBack).AddTicks(-1));
            }

            for (var at = place.Upcoming; at <= now + LookAhead; at = place.Cron!.Next(at.Value))
            {
                due.Add(new Tick(schedule, at.Value));
            }
        }

        foreach (var uid in places.Keys.Except(seen).ToList())
        {
            places.Remove(uid);
        }

        return due;
    }

    /// <summary>The bus has a tick: this instance does not send it again.</summary>
    public void Confirm(Tick tick)
    {
        if (places.TryGetValue(tick.Schedule.Uid, out var place) && place.Generation == tick.Schedule.Generation)
        {
            place.Upcoming = place.Cron!.Next(tick.At);
        }
    }

    private Place PlaceOf(Schedule schedule, DateTimeOffset now, Action<Schedule, CronFault> unreadable)
    {
        if (places.TryGetValue(schedule.Uid, out var known) && known.Generation == schedule.Generation)
        {
            return known;
        }

        var place = new Place { Generation = schedule.Generation };
        places[schedule.Uid] = place;
        if (!CronSchedule.TryParse(schedule.Cron, schedule.TimeZone, schedule.Dialect, out var cron, out var fault))
        {
            unreadable(schedule, fault);
            return place;
        }

        place.Cron = cron;
        var from = schedule.Since > now - LookBack ? schedule.Since : now - LookBack;
        place.Upcoming = cron.Next(from.AddTicks(-1));
        return place;
    }

    private sealed class Place
    {
        public required long Generation { get; init; }

        /// <summary>Null when the schedule cannot be read; then nothing is upcoming either.</summary>
        public CronSchedule? Cron { get; set; }

        /// <summary>The first tick the bus is not known to have; null when none comes.</summary>
        public DateTimeOffset? Upcoming { get; set; }
    }
}
