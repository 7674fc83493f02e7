// One subscriber hangs, one is slow, twenty are good: the good ones do not notice.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class HostDoorIsolationTests(QuirkyHostHouse house)
    : IsolationTests(house), IClassFixture<QuirkyHostHouse>;

public sealed class PumpDoorIsolationTests(QuirkyPumpHouse house)
    : IsolationTests(house), IClassFixture<QuirkyPumpHouse>;

public abstract class IsolationTests(FunctionsHouse house)
{
    private const int Good = 20;
    private const int Burst = 20;
    private const int Share = 32;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(LongRun.Asked ? 30 : 5);

    /// <summary>
    /// From the first try to send; up to half a second of it is the bus's own lag, and a quarter the wait of an ingress
    /// that finds it busy. Beside other suites nobody can promise more.
    /// </summary>
    private static readonly TimeSpan Slowest = TimeSpan.FromSeconds(LongRun.Asked ? 1 : 5);

    private readonly ConcurrentDictionary<string, long> sent = new();

    [Fact]
    public async Task Subscribers_OneHungOneSlow_TheOthersGetEverythingInTime()
    {
        await using var good = await Subscriber.StartAsync();
        await using var slow = await Subscriber.StartAsync((context, _) => SlowAsync(context.RequestAborted));
        await using var hung = await Subscriber.StartAsync(
            (context, _) => new TaskCompletionSource().Task.WaitAsync(context.RequestAborted));
        var patient = new Contract.Routing.Delivery { Timeout = TimeSpan.FromMinutes(5) };
        var broker = await house.AddBrokerAsync();
        for (var n = 0; n < Good; n++)
        {
            await house.AddTriggerAsync(broker, new Uri(good.Address, $"{n}"));
        }

        // Open loop, at 30 % of what the good ones alone can do.
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Burst).Select(n => SendAsync(broker, $"burst-{n}")));
        await Eventually.True(() => good.Received.Count == Burst * Good, "the burst arrives");
        var interval = watch.Elapsed / Burst / 0.3;

        var slowOne = await house.AddTriggerAsync(broker, slow.Address, e => e with { Delivery = patient });
        var hungOne = await house.AddTriggerAsync(broker, hung.Address, e => e with { Delivery = patient });
        var count = (int)(Duration / interval);
        var sending = new List<Task>();
        using (var timer = new PeriodicTimer(interval))
        {
            for (var n = 0; n < count; n++)
            {
                await timer.WaitForNextTickAsync();
                sending.Add(SendAsync(broker, $"e-{n}"));
            }
        }

        await Task.WhenAll(sending);
        await Eventually.True(
            () => good.Received.Count >= (Burst + count) * Good && slow.Received.Count >= count,
            "everything reaches the good ones, and the slow one",
            TimeSpan.FromSeconds(60));
        Assert.Equal((Burst + count) * Good, good.Received.Count);
        Assert.Equal(count, slow.Received.Select(r => r.Attribute("id")).Distinct().Count());

        var latencies = good.Received
            .Where(r => r.Attribute("id")!.StartsWith("e-", StringComparison.Ordinal))
            .Select(r => Stopwatch.GetElapsedTime(sent[r.Attribute("id")!], r.At))
            .Order()
            .ToList();
        var p99 = latencies[(int)(0.99 * (latencies.Count - 1))];
        Assert.True(
            p99 < Slowest, $"p99 {p99.TotalMilliseconds:0} ms, one event each {interval.TotalMilliseconds:0} ms");

        Assert.InRange(hung.Received.Count, 1, Share);
        var waiting = await house.Bus.WaitingForAsync(EntityNames.TriggersLane, hungOne.Uid);
        Assert.All(waiting, message => Assert.InRange(
            Convert.ToInt32(message.ApplicationProperties[MessageProperties.Moves], CultureInfo.InvariantCulture),
            1,
            2));

        await house.ChangeAsync(hungOne with { State = EgressState.Draining });
        await house.ChangeAsync(slowOne with { State = EgressState.Draining });
    }

    private async Task SendAsync(string broker, string id)
    {
        sent[id] = Stopwatch.GetTimestamp();
        HttpStatusCode status;
        do
        {
            // Now and then the bus is too busy to take an event; the producer tries again, as told.
            status = await house.SendAsync(broker, id);
        }
        while (status == HttpStatusCode.TooManyRequests);
        Assert.Equal(HttpStatusCode.Accepted, status);
    }

    private static async Task SlowAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        await timer.WaitForNextTickAsync(cancellationToken);
    }
}
