// With nothing failing, each event reaches each Trigger that matches exactly once: counted outside the house.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class HostDoorExactlyOnceTests(HostHouse house) : ExactlyOnceTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorExactlyOnceTests(PumpHouse house) : ExactlyOnceTests(house), IClassFixture<PumpHouse>;

public abstract class ExactlyOnceTests(FunctionsHouse house)
{
    private const int Triggers = 20;
    private const int Kinds = 20;
    private const int Batch = 100;

    private static readonly int Events = LongRun.Asked ? 50_000 : 2_000;

    private readonly ConcurrentDictionary<(string Trigger, string Event), int> ledger = new();

    [Fact]
    public async Task Events_TwentyTriggersOfEveryDialect_EachArrivesExactlyOnce()
    {
        await using var subscriber = await Subscriber.StartAsync(
            (context, _) =>
            {
                var trigger = context.Request.Path.Value![1..];
                ledger.AddOrUpdate((trigger, context.Request.Headers["ce-id"].ToString()), 1, (_, n) => n + 1);
                return Task.CompletedTask;
            },
            keeps: false);
        var broker = await house.AddBrokerAsync();
        await house.TogetherAsync(async () =>
        {
            for (var n = 0; n < Triggers; n++)
            {
                // The bus lets more through than the filter passes, as a rule does that stands for a dialect of ours.
                var (filter, rule) = Filter(n);
                await house.AddTriggerAsync(
                    broker, new(subscriber.Address, $"{n}"), e => e with { Filters = [filter] }, rule);
            }
        });

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Events / Batch),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (n, _) => await SendAsync(broker, n));

        // Trigger n takes kind n, and those from 10 on the kind after it as well.
        var expected = Events / Kinds * (Triggers + (Triggers / 2));
        await Eventually.True(
            () => ledger.Count >= expected, "every event arrives", TimeSpan.FromSeconds(LongRun.Asked ? 600 : 120));
        await Eventually.True(
            () => house.Bus.IsEmptyAsync(Contract.Names.EntityNames.TriggersLane), "nothing else comes");
        Assert.Equal(expected, ledger.Count);
        Assert.All(ledger, entry => Assert.Equal(1, entry.Value));
        Assert.Equal(0, house.Bus.DuplicatesDropped);
        Assert.All(ledger.Keys, key => Assert.Contains(
            int.Parse(key.Event.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture),
            KindsOf(int.Parse(key.Trigger, System.Globalization.CultureInfo.InvariantCulture))));
    }

    private static int[] KindsOf(int trigger) => trigger < 10 ? [trigger] : [trigger, (trigger + 1) % Kinds];

    private static (FilterExpression Filter, RuleFilter Rule) Filter(int trigger)
    {
        var kinds = KindsOf(trigger);
        var type = $"kind.{kinds[0]}.";
        FilterExpression filter = (trigger % 10) switch
        {
            0 => new() { Attributes = Pair("kind", $"{trigger}") },
            1 => new() { Exact = Pair("kind", $"{trigger}") },
            2 => new() { Prefix = Pair("type", type) },
            3 => new() { Suffix = Pair("subject", $"/{trigger}/") },
            4 => new() { CeSql = $"kind = '{trigger}'" },
            5 => new() { CeSql = $"type LIKE '{type}%' AND EXISTS subject" },
            6 => new() { All = [new() { Prefix = Pair("type", type) }, new() { Exact = Pair("kind", $"{trigger}") }] },
            7 => new() { Not = new() { Not = new() { Exact = Pair("kind", $"{trigger}") } } },
            8 => new() { CeSql = $"INT(kind) + 0 = {trigger}" },
            _ => new() { CeSql = $"kind IN ('{trigger}', 'none')" },
        };
        if (kinds.Length > 1)
        {
            var next = new FilterExpression { Exact = Pair("kind", $"{kinds[1]}") };
            filter = new() { Any = [filter, next, next] };
        }

        var properties = string.Join(", ", kinds.Select(kind => $"'{kind}'"));
        return (filter, new SqlRuleFilter($"\"cloudEvents_kind\" IN ({properties}) OR \"cloudEvents_kind\" = 'none'"));
    }

    private async Task SendAsync(string broker, int batch)
    {
        var events = Enumerable.Range(batch * Batch, Batch).Select(n =>
        {
            var kind = n % Kinds;
            return $$"""
                {"specversion":"1.0","id":"{{n}}-{{kind}}","source":"/tests","type":"kind.{{kind}}.x",
                 "subject":"/{{kind}}/","kind":"{{kind}}","data":{{n}}}
                """;
        });
        using var request = house.Request($"ns/{broker}");
        request.Content = new StringContent(
            $"[{string.Join(',', events)}]", new MediaTypeHeaderValue("application/cloudevents-batch+json"));
        using var response = await house.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    private static Dictionary<string, string> Pair(string name, string value) => new() { [name] = value };
}
