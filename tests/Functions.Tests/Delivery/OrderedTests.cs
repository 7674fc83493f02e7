// Ordered delivery: within a session no event overtakes another, whatever fails.
using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class OrderedTests(PumpHouse house) : IClassFixture<PumpHouse>
{
    private const string Group = "ns/ordered";

    private readonly string[] keys = ["a", "b", "c", ""];
    private readonly ConcurrentDictionary<string, int> inFlight = new();
    private int overtakings;

    [Fact]
    public async Task Ordered_FailuresAndLongWaits_EachSessionKeepsItsOrder()
    {
        // Every fourth event fails three times, the last wait is longer than any that is spent in a lane's function.
        var failures = new ConcurrentDictionary<string, int>();
        await using var subscriber = await Subscriber.StartAsync(async (context, _) =>
        {
            var id = context.Request.Headers["ce-id"].ToString();
            await AloneAsync(context);
            context.Response.StatusCode = id.EndsWith('3') && failures.AddOrUpdate(id, 1, (_, n) => n + 1) <= 3
                ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status200OK;
        });
        await using var functions = await house.StartGroupAsync(Group);
        var broker = await house.AddBrokerAsync();
        await house.AddDedicatedAsync(broker, subscriber.Address, Group, ordered: true, e => e with
        {
            Delivery = new()
            {
                Retry = 3,
                BackoffDelay = TimeSpan.FromSeconds(1.1),
                BackoffPolicy = BackoffPolicy.Linear,
                Timeout = TimeSpan.FromSeconds(20),
            },
        });
        await SendAllAsync(broker, 6);
        await Eventually.True(
            () => subscriber.Received.Count >= keys.Length * 9, "every event arrives", TimeSpan.FromSeconds(60));

        Assert.Equal(0, overtakings);
        foreach (var key in keys)
        {
            Assert.Equal(["0", "1", "2", "3", "3", "3", "3", "4", "5"], NumbersOf(subscriber, key));
        }
    }

    [Fact]
    public async Task Ordered_GivenUp_IsDeadLetteredAndTheNextGoesOn()
    {
        await using var subscriber = await Subscriber.StartAsync(200, 400, 200);
        await using var functions = await house.StartGroupAsync(Group);
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddDedicatedAsync(broker, subscriber.Address, Group, ordered: true);
        for (var n = 0; n < 3; n++)
        {
            await house.SendAsync(broker, $"-{n}");
        }

        await Eventually.True(() => subscriber.Received.Count == 3, "every event is tried");
        Assert.Equal(["0", "1", "2"], NumbersOf(subscriber, ""));
        await Eventually.True(
            async () => (await house.Bus.DeadLettersOfAsync(egress.Uid)).Count == 1, "the dead letter");
        var letter = (await house.Bus.DeadLettersOfAsync(egress.Uid))[0];
        Assert.Equal("-1", letter.ApplicationProperties["cloudEvents_id"]);
        Assert.False(letter.ApplicationProperties.ContainsKey(MessageProperties.Lane));

        // Sent again it goes by a shared lane: its place in the order is past.
        await house.Bus.ReplayAsync(letter, EntityNames.TriggersLane);
        await Eventually.True(() => subscriber.Received.Count == 4, "the replay arrives");
    }

    [Fact]
    public async Task Ordered_FunctionsAreKilled_NothingIsLostAndNothingOvertakes()
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) => AloneAsync(context));
        var broker = await house.AddBrokerAsync();
        await house.AddDedicatedAsync(broker, subscriber.Address, Group, ordered: true);
        const int Each = 30;
        var sending = SendAllAsync(broker, Each);
        for (var kill = 0; kill < 3; kill++)
        {
            var before = subscriber.Received.Count;
            await using var functions = await house.StartGroupAsync(Group);
            await Eventually.True(
                () => subscriber.Received.Count >= Math.Min(before + 12, keys.Length * Each), "some events arrive");
        }

        await sending;
        await using var last = await house.StartGroupAsync(Group);
        foreach (var key in keys)
        {
            await Eventually.True(
                () => NumbersOf(subscriber, key).Distinct().Count() == Each,
                $"every event of session {key} arrives",
                TimeSpan.FromSeconds(60));

            // A kill repeats at most the one that was under way, at once, before those behind it.
            var numbers = NumbersOf(subscriber, key).Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToList();
            Assert.All(numbers.Zip(numbers.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 0, 1));
            Assert.InRange(numbers.Count, Each, Each + 3);
        }
    }

    private async Task SendAllAsync(string broker, int each)
    {
        for (var n = 0; n < each; n++)
        {
            foreach (var key in keys)
            {
                (string, string)[] headers = key.Length == 0 ? [] : [("ce-partitionkey", key)];
                await house.SendAsync(broker, $"{key}-{n}", headers: headers);
            }
        }
    }

    private async Task AloneAsync(HttpContext context)
    {
        var key = context.Request.Headers["ce-partitionkey"].ToString();
        if (inFlight.AddOrUpdate(key, 1, (_, n) => n + 1) != 1)
        {
            Interlocked.Increment(ref overtakings);
        }

        await Task.Yield();
        inFlight.AddOrUpdate(key, 0, (_, n) => n - 1);
    }

    private static List<string> NumbersOf(Subscriber subscriber, string key) =>
    [
        .. subscriber.Received
            .Select(r => r.Attribute("id")!.Split('-'))
            .Where(parts => parts[0] == key)
            .Select(parts => parts[1]),
    ];
}
