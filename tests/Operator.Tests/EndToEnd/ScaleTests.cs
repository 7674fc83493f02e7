// Many Triggers at once, and how soon a change to one of them reaches the functions.
using System.Diagnostics;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>1,000 Triggers on 50 Brokers and 100 changes in a long run; a tenth of that otherwise.</summary>
public sealed class ScaleTests(House house, ITestOutputHelper output) : IClassFixture<House>
{
    private static readonly int Brokers = LongRun.Asked ? 50 : 5;
    private static readonly int Changes = LongRun.Asked ? 100 : 10;
    private const int TriggersEach = 20;

    // The claim holds on a quiet machine; a loaded one gets the patience every test has.
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan InForceWithin = TimeSpan.FromSeconds(LongRun.Asked ? 2 : 10);

    [Fact]
    public async Task Triggers_Many_AreReadyInTimeAndAChangeIsInForceSoon()
    {
        var ns = await house.Namespace();
        var began = Stopwatch.StartNew();
        for (var broker = 0; broker < Brokers; broker++)
        {
            await house.Apply(
                $"apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {{name: b{broker}}}\nspec: {{}}", ns);
            await Task.WhenAll(Enumerable.Range(0, TriggersEach).Select(trigger => house.Apply(
                Yaml($"t{broker}-{trigger}", $"b{broker}", $"http://first.example/{trigger}"), ns)));
        }

        await Eventually.True(
            async () =>
            {
                var triggers = await house.List($"apis/eventing.knative.dev/v1/namespaces/{ns}/triggers");
                return triggers.Count == Brokers * TriggersEach && triggers.All(trigger => trigger.IsReady);
            },
            "every Trigger is Ready",
            ReadyWithin);
        output.WriteLine($"{Brokers * TriggersEach} Triggers on {Brokers} Brokers Ready in {began.Elapsed}");

        var times = new List<TimeSpan>();
        for (var change = 0; change < Changes; change++)
        {
            var trigger = $"t{change % Brokers}-{change % TriggersEach}";
            times.Add(await ChangeAsync(ns, trigger, $"http://new{change}.example/"));
        }

        times.Sort();
        var p99 = times[(int)Math.Ceiling(times.Count * 0.99) - 1];
        output.WriteLine($"{Changes} changes in force: median {times[times.Count / 2]}, p99 {p99}");
        Assert.True(p99 < InForceWithin, $"p99 {p99}");
    }

    // As an instance of the functions sees it: by long poll.
    private async Task<TimeSpan> ChangeAsync(string ns, string trigger, string subscriber)
    {
        using var http = new HttpClient();
        var (etag, _) = await PollAsync(http, null);
        var began = Stopwatch.StartNew();
        await house.Patch(House.Trigger(ns, trigger), "{\"spec\":{\"subscriber\":{\"uri\":\"" + subscriber + "\"}}}");
        while (true)
        {
            (etag, var table) = await PollAsync(http, etag);
            if (table?.Egresses.Any(egress => egress.Namespace == ns && egress.Name == trigger
                && egress.Destination?.Uri == subscriber) == true)
            {
                return began.Elapsed;
            }

            Assert.True(began.Elapsed < Eventually.DefaultDeadline, $"{trigger} never got {subscriber}");
        }
    }

    private async Task<(string? Etag, RoutingTable? Table)> PollAsync(HttpClient http, string? etag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, house.Operator.RoutingUri);
        request.Headers.Add("Prefer", "wait=5");
        request.Headers.Add("X-Eventing-Instance", "scale");
        if (etag is not null)
        {
            request.Headers.Add("If-None-Match", etag);
        }

        using var answer = await http.SendAsync(request);
        return answer.IsSuccessStatusCode
            ? (answer.Headers.ETag!.Tag, RoutingTableJson.Deserialize(await answer.Content.ReadAsByteArrayAsync()))
            : (etag, null);
    }

    private static string Yaml(string name, string broker, string subscriber) =>
        $$"""
        apiVersion: eventing.knative.dev/v1
        kind: Trigger
        metadata: {name: {{name}} }
        spec:
          broker: {{broker}}
          filter: {attributes: {type: com.{{name}} } }
          subscriber: {uri: "{{subscriber}}" }
        """;
}
