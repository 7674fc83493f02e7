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

    /// <summary>The bus and the instances read one clock here; the allowance is for its rounding only.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromMilliseconds(20);

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
                    () => arrived.Count >= seen + everySeconds, "it ticks on", TimeSpan.FromSeconds(60));
                seen = arrived.Count;
                var victim = Random.Shared.Next(Instances);
                processes[victim].Kill();
                processes[victim].Dispose();
                processes[victim] = Start();
                kills++;
            }

            // What a killed instance held comes again when its lock runs out; what found no place, when its slot comes.
            var end = TimeProvider.System.GetUtcNow();
            await Eventually.Passes(
                async () =>
                {
                    var missing = Missing(from, end, arrived.Select(tick => tick.At));
                    if (missing.Count > 0)
                    {
                        Assert.Fail(await WhereAsync(missing, from, end, egress.Uid));
                    }
                },
                TimeSpan.FromMinutes(3));
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

        // One tick a second is in flight; a kill may have one more under way.
        var twice = arrived.Count - arrived.Select(tick => tick.At).Distinct().Count();
        Assert.InRange(twice, 0, 2 * kills);
    }

    // For the one who reads of a failure: which are missing, and where they may be.
    private async Task<string> WhereAsync(
        List<DateTimeOffset> missing, DateTimeOffset from, DateTimeOffset end, string egress)
    {
        var lane = await house.Bus.Administration.GetQueueRuntimePropertiesAsync(EntityNames.SourcesLane);
        var retries = await house.Bus.Administration.GetQueueRuntimePropertiesAsync(
            EntityNames.Retries(EntityNames.SourcesLane));
        return $"{missing.Count} ticks from {from:T} to {end:T} are missing: "
            + $"{string.Join(", ", missing.Take(20).Select(at => $"{at:T}"))}; "
            + $"the lane has {lane.ActiveMessageCount}, the retries {retries.ScheduledMessageCount} scheduled, "
            + $"the dead letters {(await house.Bus.DeadLettersOfAsync(egress)).Count}";
    }

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
