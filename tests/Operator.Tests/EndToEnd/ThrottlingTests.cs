// A management endpoint that says 429 or 409: one limit and one circuit for all objects.
using System.Diagnostics;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class ThrottlingTests : IAsyncLifetime
{
    private const int Channels = 30;
    private const int MostAtOnce = 8;
    private const int TriesEach = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly House _house = new() { HasOperator = false };
    private ManagementGate _gate = null!;
    private OperatorApplication _operator = null!;

    public async ValueTask InitializeAsync()
    {
        await _house.InitializeAsync();
        _gate = await ManagementGate.StartAsync(_house.Bus.ManagementConnection);
        _operator = await OperatorApplication.StartAsync(
            _house.Options with { ServiceBusManagementConnection = _gate.Connection }, default);
    }

    public async ValueTask DisposeAsync()
    {
        await _operator.DisposeAsync();
        await _gate.DisposeAsync();
        await _house.DisposeAsync();
    }

    [Fact]
    public async Task Bus_ThatThrottles_IsAskedByOneForAllAndTurnsNothing()
    {
        var ns = await _house.Namespace();
        await _house.Apply(Channel("before"), ns);
        await _house.Ready(Path(ns, "before"));

        _gate.IsThrottling = true;
        for (var n = 0; n < Channels; n++)
        {
            await _house.Apply(Channel($"c{n}"), ns);
        }

        // Everyone has heard of it, the last without asking the bus.
        await Eventually.Passes(
            async () => Assert.All(
                await _house.List(Path(ns, "")),
                item => Assert.True(item.Name == "before"
                    || item.Condition("ServiceBusReachable").Text("status") == "False", item.Status?.ToJsonString())),
            Patience);
        var refused = _gate.Refused;
        Assert.InRange(refused, 1, MostAtOnce * TriesEach * 2);
        Assert.InRange(_gate.Most, 1, MostAtOnce);

        // From now on a single one asks, after longer and longer waits; each question is tried a few times.
        var began = Stopwatch.StartNew();
        await Eventually.True(() => _gate.Refused > refused, "someone asks again", Patience);
        Assert.InRange(_gate.Refused - refused, 1, (TriesEach * began.Elapsed.TotalSeconds) + TriesEach);
        Assert.True((await _house.Get(Path(ns, "before")))!.IsReady);

        _gate.IsThrottling = false;
        for (var n = 0; n < Channels; n++)
        {
            var path = Path(ns, $"c{n}");
            await Eventually.True(async () => (await _house.Get(path))!.IsReady, $"{path} is Ready", Patience);
        }

        Assert.InRange(_gate.Most, 1, MostAtOnce);
    }

    [Fact]
    public async Task Bus_ThatSpeaksOfConflicts_IsWrittenOnceAtATimeForATopicAndAllIsDone()
    {
        const int triggers = 10;
        _gate.ConflictEvery = 3;
        var ns = await _house.Namespace();
        await _house.Apply(
            "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: default}\nspec: {}", ns);
        foreach (var type in new[] { "first", "second" })
        {
            await Task.WhenAll(Enumerable.Range(0, triggers).Select(n => _house.Apply(
                $$"""
                apiVersion: eventing.knative.dev/v1
                kind: Trigger
                metadata: {name: t{{n}} }
                spec:
                  broker: default
                  filter: {attributes: {type: {{type}} } }
                  subscriber: {uri: "http://example.com/"}
                """,
                ns)));
            for (var n = 0; n < triggers; n++)
            {
                var path = House.Trigger(ns, $"t{n}");
                await Eventually.True(async () => (await _house.Get(path))!.IsReady, $"{path} is Ready", Patience);
            }
        }

        Assert.True(_gate.Refused > 0);
        Assert.Equal(1, _gate.MostOfOneTopic);
        Assert.InRange(_gate.Most, 1, MostAtOnce);
    }

    private static string Channel(string name) =>
        $"apiVersion: messaging.knative.dev/v1\nkind: ServiceBusChannel\nmetadata: {{name: {name}}}\nspec: {{}}";

    private static string Path(string ns, string name) =>
        $"apis/messaging.knative.dev/v1/namespaces/{ns}/servicebuschannels" + (name.Length > 0 ? $"/{name}" : "");
}
