// A year of ticks in no time: every tick once, none early, over restarts, pauses and several instances.
using System.Globalization;
using ServerlessEventing.Contract.Cron;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Sources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Sources;

public sealed class TickPlanTests
{
    private static readonly DateTimeOffset Start = At("2024-01-01T00:00:00Z");

    [Theory]
    [InlineData("0 * * * *", "Europe/Berlin")]
    [InlineData("30 1,2 * * *", "America/New_York")]
    [InlineData("*/15 * * * * *", "UTC", 20)]
    [InlineData("@monthly", "Australia/Sydney")]
    public void Year_ThreeInstancesThatRestart_EveryTickOnceNoneEarly(string cron, string zone, int days = 366)
    {
        var schedule = Schedule(cron, zone);
        var taken = new List<DateTimeOffset>();
        var end = Start.AddDays(days);
        PlanByThree(schedule, end, new((tick, _) => taken.Add(tick.At)));

        Assert.Equal(Expected(schedule, Start, end), taken.Where(at => at < end));
        Assert.Equal(taken.Count, taken.Distinct().Count());
    }

    // 31.6 million ticks with EVENTING_LONG=1, the first ten days without.
    [Fact]
    public void YearOfSeconds_ThreeInstancesThatRestart_EveryTickOnceNoneEarlyItsTimeExact()
    {
        var end = Start.AddDays(LongRun.Asked ? 366 : 10);
        var next = Start;
        PlanByThree(Schedule("* * * * * *", "UTC"), end, new((tick, now) =>
        {
            if (tick.At != next)
            {
                Assert.Fail($"The tick of {next:O} is to come, and {tick.At:O} does.");
            }

            next = next.AddSeconds(1);
            if (tick.At.Second == tick.At.Minute)
            {
                IsItsMessage(tick, now);
            }
        }));

        Assert.True(next >= end);
    }

    // Whatever the moment it is planned at: due at its second, and its time says so.
    private static void IsItsMessage(Tick tick, DateTimeOffset now)
    {
        var message = tick.ToMessage(1, new StoppedClock(now))!;
        Assert.Equal(
            tick.At.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            message.ApplicationProperties[MessageProperties.AttributePrefix + "time"]);
        Assert.Equal(tick.At > now ? tick.At : default, message.ScheduledEnqueueTime);
    }

    private static void PlanByThree(Schedule schedule, DateTimeOffset end, DuplicateWindow bus)
    {
        TickPlan[] instances = [new(), new(), new()];
        var random = new Random(7);
        for (var now = Start; now < end; now = now.AddSeconds(60))
        {
            foreach (var i in Enumerable.Range(0, instances.Length))
            {
                if (random.Next(40) == 0)
                {
                    instances[i] = new();
                }

                // An instance that is paused misses some minutes; never all of them.
                if (i == 0 || random.Next(3) > 0)
                {
                    Plan(instances[i], [schedule], now.AddSeconds(random.Next(60)), bus);
                }
            }
        }
    }

    // A plan of an instance ends in one of four ways; what it sent before a kill may reach the bus minutes later.
    [Fact]
    public void Instances_KilledAtAnyMomentOfASend_EveryTickIsOnTheBusOnce()
    {
        var schedule = Schedule("*/5 * * * * *", "UTC");
        var taken = new List<DateTimeOffset>();
        var bus = new DuplicateWindow((tick, _) => taken.Add(tick.At));
        TickPlan[] instances = [new(), new(), new()];
        var underWay = new List<(DateTimeOffset Arrives, Tick Tick)>();
        var random = new Random(11);
        var end = Start.AddDays(2);
        for (var now = Start; now < end; now = now.AddSeconds(20))
        {
            underWay.Where(late => late.Arrives <= now).ToList().ForEach(late => bus.Send(late.Tick, now));
            underWay.RemoveAll(late => late.Arrives <= now);
            var i = random.Next(instances.Length);
            var due = instances[i].Due([schedule], now, (_, fault) => Assert.Fail(fault.ToString()));
            var sent = due.Take(random.Next(due.Count + 1)).ToList();
            switch (random.Next(4))
            {
                case 0: // confirmed, the rest refused
                    sent.ForEach(tick => bus.Send(tick, now));
                    sent.ForEach(instances[i].Confirm);
                    break;
                case 1: // taken, the answer lost
                    sent.ForEach(tick => bus.Send(tick, now));
                    break;
                case 2: // taken, killed before the answer
                    sent.ForEach(tick => bus.Send(tick, now));
                    instances[i] = new();
                    break;
                default: // killed with the send under way
                    underWay.AddRange(sent.Select(tick => (now.AddSeconds(random.Next(180)), tick)));
                    instances[i] = new();
                    break;
            }
        }

        Plan(new(), [schedule], end, bus);
        Assert.Equal(Expected(schedule, Start, end), taken.Where(at => at < end).Order());
    }

    [Fact]
    public void Downtime_LongerThanTheLookBack_LastFiveMinutesAreMadeUpAndOlderTicksSkipped()
    {
        var schedule = Schedule("* * * * *", "UTC");
        var taken = new List<DateTimeOffset>();
        var bus = new DuplicateWindow((tick, _) => taken.Add(tick.At));
        Plan(new(), [schedule], Start, bus);
        Plan(new(), [schedule], Start.AddHours(1).AddSeconds(30), bus);
        Assert.Equal(
            [
                .. Enumerable.Range(0, 3).Select(minute => Start.AddMinutes(minute)),
                .. Enumerable.Range(56, 7).Select(minute => Start.AddMinutes(minute)),
            ],
            taken);
    }

    [Fact]
    public void Pause_OfAnInstanceThatRemembers_FollowsTheSameRule()
    {
        var schedule = Schedule("* * * * *", "UTC");
        var taken = 0;
        var bus = new DuplicateWindow((_, _) => taken++);
        var plan = new TickPlan();
        Plan(plan, [schedule], Start, bus);
        Plan(plan, [schedule], Start.AddHours(1).AddSeconds(30), bus);
        Assert.Equal(10, taken);
    }

    [Fact]
    public void NewSource_HasNoTicksFromBeforeItWasThere()
    {
        var schedule = Schedule("* * * * * *", "UTC") with { Since = Start.AddSeconds(10.5) };
        var taken = new List<DateTimeOffset>();
        Plan(new(), [schedule], Start.AddSeconds(11.2), new((tick, _) => taken.Add(tick.At)));
        Assert.Equal(Start.AddSeconds(11), taken[0]);
    }

    [Fact]
    public void NotConfirmed_IsDueAgain()
    {
        var plan = new TickPlan();
        Schedule[] schedules = [Schedule("* * * * *", "UTC")];
        var first = plan.Due(schedules, Start, (_, _) => { });
        Assert.Equal(first, plan.Due(schedules, Start.AddSeconds(20), (_, _) => { }));
    }

    [Fact]
    public void Unreadable_IsToldOnceAndOthersGoOn()
    {
        var plan = new TickPlan();
        Schedule[] schedules = [Schedule("61 * * * *", "UTC"), Schedule("* * * * *", "UTC") with { Uid = "other" }];
        var told = 0;
        for (var i = 0; i < 3; i++)
        {
            Assert.All(plan.Due(schedules, Start, (_, _) => told++), tick => Assert.Equal("other", tick.Schedule.Uid));
        }

        Assert.Equal(1, told);
    }

    private static void Plan(TickPlan plan, Schedule[] schedules, DateTimeOffset now, DuplicateWindow bus)
    {
        foreach (var tick in plan.Due(schedules, now, (_, fault) => Assert.Fail(fault.ToString())))
        {
            bus.Send(tick, now);
            plan.Confirm(tick);
        }
    }

    private static List<DateTimeOffset> Expected(Schedule schedule, DateTimeOffset from, DateTimeOffset end)
    {
        Assert.True(CronSchedule.TryParse(schedule.Cron, schedule.TimeZone, schedule.Dialect, out var cron, out _));
        List<DateTimeOffset> times = [];
        for (var at = cron.Next(from.AddTicks(-1)); at < end; at = cron.Next(at.Value))
        {
            times.Add(at.Value);
        }

        return times;
    }

    private static Schedule Schedule(string cron, string zone) => new()
    {
        Uid = "source",
        Generation = 1,
        Cron = cron,
        TimeZone = zone,
        Since = Start,
        Type = "t",
        Source = "/s",
    };

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    // The queue's duplicate detection: an id is known for ten minutes.
    private sealed class DuplicateWindow(Action<Tick, DateTimeOffset> taken)
    {
        private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
        private readonly Dictionary<string, DateTimeOffset> known = [];
        private readonly Queue<(string Id, DateTimeOffset Until)> ids = new();

        public void Send(Tick tick, DateTimeOffset now)
        {
            // The instances' clocks are up to a minute apart here.
            while (ids.TryPeek(out var oldest) && oldest.Until < now.AddMinutes(-2))
            {
                known.Remove(ids.Dequeue().Id);
            }

            var id = tick.MessageId;
            if (!known.TryGetValue(id, out var until) || until < now)
            {
                known[id] = now + Window;
                ids.Enqueue((id, now + Window));
                taken(tick, now);
            }
        }
    }

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
