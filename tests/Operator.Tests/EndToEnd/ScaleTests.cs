// Many Triggers at once, and how soon a change to one of them reaches the functions.
using System.Diagnostics;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>
/// 1,000 Triggers on 50 Brokers and 100 changes in a long run, a tenth of that otherwise; the operator in a process of
/// its own, on a bus with Azure's quirks.
/// </summary>
public sealed class ScaleTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int TriggersEach = 20;
    private const double MostMegabytes = 300;

    private static readonly int Brokers = LongRun.Asked ? 50 : 5;
    private static readonly int Changes = LongRun.Asked ? 100 : 10;

    // The claim holds on a quiet machine; a loaded one gets the patience every test has.
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan WatchedFor = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan InForceWithin = TimeSpan.FromSeconds(LongRun.Asked ? 2 : 10);

    private readonly House _house = new() { HasOperator = false, Quirks = true };
    private OperatorProcess _process = null!;

    public async ValueTask InitializeAsync()
    {
        await _house.InitializeAsync();
        _process = await OperatorProcess.StartAsync(_house);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _house.DisposeAsync();
    }

    [Fact]
    public async Task Triggers_Many_AreReadyInTimeAndAChangeIsInForceSoon()
    {
        var ns = await _house.Namespace();
        var began = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Brokers).Select(broker => ApplyAsync(ns, broker)));
        var applied = began.Elapsed;

        // One after the other: looking at all of them again and again would be most of the API server's work.
        for (var trigger = 0; trigger < Brokers * TriggersEach; trigger++)
        {
            var path = House.Trigger(ns, $"t{trigger / TriggersEach}-{trigger % TriggersEach}");
            await Eventually.True(
                async () => await _house.Get(path) is { IsReady: true }, $"{path} is Ready", WatchedFor);
        }

        output.WriteLine($"{Brokers * TriggersEach} Triggers on {Brokers} Brokers applied in {applied}, all Ready in "
            + $"{began.Elapsed}; the operator had {_process.PeakMegabytes:0} MB at most");
        var ready = began.Elapsed;
        var times = new List<TimeSpan>();
        for (var change = 0; change < Changes; change++)
        {
            var trigger = $"t{change % Brokers}-{change % TriggersEach}";
            times.Add(await ChangeAsync(ns, trigger, $"http://new{change}.example/"));
        }

        times.Sort();
        var p99 = times[(int)Math.Ceiling(times.Count * 0.99) - 1];
        output.WriteLine($"{Changes} changes in force: median {times[times.Count / 2]}, p99 {p99}; the operator had "
            + $"{_process.PeakMegabytes:0} MB at most");
        // Each is told: time depends on what else the machine does, memory does not.
        Assert.Multiple(
            () => Assert.True(ready < ReadyWithin, $"all Ready only after {ready}"),
            () => Assert.True(p99 < InForceWithin, $"p99 {p99}"),
            () => Assert.True(_process.PeakMegabytes < MostMegabytes, $"{_process.PeakMegabytes:0} MB"));
    }

    private async Task ApplyAsync(string ns, int broker)
    {
        await _house.Apply(
            $"apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {{name: b{broker}}}\nspec: {{}}", ns);
        for (var trigger = 0; trigger < TriggersEach; trigger++)
        {
            await _house.Apply(Yaml($"t{broker}-{trigger}", $"b{broker}", $"http://first.example/{trigger}"), ns);
        }
    }

    // As an instance of the functions sees it: by long poll.
    private async Task<TimeSpan> ChangeAsync(string ns, string trigger, string subscriber)
    {
        using var http = new HttpClient();
        var (etag, _) = await PollAsync(http, null);
        var began = Stopwatch.StartNew();
        await _house.Patch(House.Trigger(ns, trigger), "{\"spec\":{\"subscriber\":{\"uri\":\"" + subscriber + "\"}}}");
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
        using var request = new HttpRequestMessage(HttpMethod.Get, _process.RoutingUri);
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
