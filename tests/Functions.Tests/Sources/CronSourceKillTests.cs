// Three instances as processes, killed at random while a source ticks each second: every tick arrives, none early.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Sources;

public sealed class CronSourceKillTests(PumpHouse house) : IClassFixture<PumpHouse>
{
    private const int Instances = 3;

    /// <summary>What an instance may have in flight of one source: a kill repeats so many at most.</summary>
    private const int InFlight = 32;

    /// <summary>For a hang: on a busy machine it takes a minute until the first instance is up.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    /// <summary>The bus and the instances read one clock here; the allowance is for its rounding only.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromMilliseconds(20);

    /// <summary>A tick in between two queues is seen on neither by one look; a slot is seconds away.</summary>
    private const int LooksBeforeLost = 3;

    /// <summary>A tick that found no place comes again within this; one that is lost is known sooner.</summary>
    private static readonly TimeSpan FarthestSlot = TimeSpan.FromMinutes(16);

    [Fact]
    public Task Instances_Killed_EveryTickArrivesAndNoneEarly() => RunAsync(TimeSpan.FromSeconds(60), everySeconds: 5);

    [Fact]
    public Task Instances_KilledForTenMinutes_EveryTickArrivesAndNoneEarly()
    {
        Assert.SkipUnless(LongRun.Asked, "Takes ten minutes: set EVENTING_LONG=1 to run it.");
        return RunAsync(TimeSpan.FromMinutes(10), everySeconds: 7);
    }

    private async Task RunAsync(TimeSpan period, int everySeconds)
    {
        var arrived = new ConcurrentQueue<(string Id, DateTimeOffset At, TimeSpan Late)>();
        await using var sink = await Subscriber.StartAsync((context, _) =>
        {
            var headers = context.Request.Headers;
            var at = DateTimeOffset.Parse(headers["ce-time"].ToString(), CultureInfo.InvariantCulture);
            arrived.Enqueue((headers["ce-id"].ToString(), at, TimeProvider.System.GetUtcNow() - at));
            return Task.CompletedTask;
        });
        var (schedule, egress) = await house.AddSourceAsync(
            new() { Uri = sink.Address.ToString() }, made => made with { Cron = "* * * * * *" });
        var from = schedule.Since;
        await house.StopAsync();
        var processes = Enumerable.Range(0, Instances).Select(_ => Start()).ToArray();
        var kills = 0;
        try
        {
            var begun = Stopwatch.GetTimestamp();
            var seen = 0;
            while (Stopwatch.GetElapsedTime(begun) < period)
            {
                // Time passes by ticks arriving.
                await Eventually.True(
                    () => arrived.Count >= seen + everySeconds, "it ticks on", StartLimit);
                seen = arrived.Count;
                var victim = Random.Shared.Next(Instances);
                processes[victim].Kill();
                processes[victim].Dispose();
                processes[victim] = Start();
                kills++;
            }

            // What a killed instance held comes again when its lock runs out; what found no place, when its slot comes.
            var end = TimeProvider.System.GetUtcNow();
            var timesNowhere = 0;
            await Eventually.True(
                async () =>
                {
                    var nowhere = await NothingIsUnderWayAsync();
                    var missing = Missing(from, end, arrived.Select(tick => tick.At));
                    timesNowhere = nowhere && missing.Count > 0 ? timesNowhere + 1 : 0;
                    if (timesNowhere == LooksBeforeLost)
                    {
                        Assert.Fail(await LostAsync(missing, from, end, egress.Uid));
                    }

                    return missing.Count == 0;
                },
                "what is late arrives",
                FarthestSlot);
        }
        finally
        {
            foreach (var process in processes)
            {
                process.Kill();
                process.Dispose();
            }
        }

        Assert.True(kills > 1);
        Assert.All(arrived, tick => Assert.True(tick.Late > -Early, $"the tick of {tick.At:O} was early"));
        Assert.All(arrived.GroupBy(tick => tick.At), tick => Assert.Single(tick.Select(copy => copy.Id).Distinct()));

        var twice = arrived.Count - arrived.Select(tick => tick.At).Distinct().Count();
        Assert.InRange(twice, 0, InFlight * kills);
    }

    // Neither waiting nor with an instance; the ticks to come are scheduled on the lane.
    private async Task<bool> NothingIsUnderWayAsync() =>
        (await house.Bus.Administration.GetQueueRuntimePropertiesAsync(EntityNames.SourcesLane))
            .ActiveMessageCount == 0
        && await house.Bus.IsEmptyAsync(EntityNames.Retries(EntityNames.SourcesLane));

    // For the one who reads of a failure: which are missing, and whether they were given up.
    private async Task<string> LostAsync(
        List<DateTimeOffset> missing, DateTimeOffset from, DateTimeOffset end, string egress) =>
        $"{missing.Count} ticks from {from:T} to {end:T} are lost: "
            + $"{string.Join(", ", missing.Take(20).Select(at => $"{at:T}"))}; "
            + $"neither the lane nor its retries have them, and the dead letters have "
            + $"{(await house.Bus.DeadLettersOfAsync(egress)).Count}";

    private static List<DateTimeOffset> Missing(
        DateTimeOffset from, DateTimeOffset end, IEnumerable<DateTimeOffset> arrived)
    {
        var have = arrived.ToHashSet();
        var first = DateTimeOffset.FromUnixTimeSeconds(from.ToUnixTimeSeconds() + 1);
        return [.. Enumerable.Range(0, (int)(end - first).TotalSeconds)
            .Select(second => first.AddSeconds(second)).Where(tick => !have.Contains(tick))];
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "ServerlessEventing.Functions.dll")]);
        start.Environment["ServiceBusConnection"] = house.Bus.ConnectionString;
        start.Environment["RoutingTable"] = house.TableFile;
        start.Environment["EVENTING_DOOR"] = "pump";
        start.Environment["EVENTING_PORT"] = FreePort.Next().ToString(CultureInfo.InvariantCulture);
        start.Environment["EVENTING_ALLOW_LOOPBACK"] = "true";
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        return Process.Start(start)!;
    }
}
