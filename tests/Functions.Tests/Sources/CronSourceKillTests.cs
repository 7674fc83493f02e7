// Three instances as processes, killed at random while a source ticks each second: every tick arrives, none early.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Sources;

public sealed class CronSourceKillTests(PumpHouse house) : IClassFixture<PumpHouse>
{
    private const int Instances = 3;

    /// <summary>The bus and the instances read one clock here; the allowance is for its rounding only.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromMilliseconds(20);

    [Fact]
    public Task Instances_Killed_EveryTickArrivesAndNoneEarly() => RunAsync(TimeSpan.FromSeconds(14), everySeconds: 4);

    [Fact]
    public Task Instances_KilledForTenMinutes_EveryTickArrivesAndNoneEarly()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("EVENTING_LONG") == "1", "only with EVENTING_LONG=1");
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
        var (schedule, _) = await house.AddSourceAsync(
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

            var end = TimeProvider.System.GetUtcNow();
            await Eventually.True(
                () => Missing(from, end, arrived.Select(tick => tick.At)).Count == 0,
                "every tick arrives",
                TimeSpan.FromSeconds(60));
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
