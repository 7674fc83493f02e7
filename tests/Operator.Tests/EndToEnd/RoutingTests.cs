// The routing table over HTTP, what instances have loaded, and what a restart keeps.
using System.Net;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class RoutingTests(House house) : IClassFixture<House>
{
    private readonly HttpClient _http = new();

    [Fact]
    public async Task Poll_WithTheNewestEtag_Answers304AfterItsWait()
    {
        using var first = await Poll(null, 0);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var second = await Poll(first.Headers.ETag!.Tag, 0);
        // Another test may have changed the table in between; then it is a newer one.
        Assert.True(second.StatusCode == HttpStatusCode.NotModified
            || second.Headers.ETag!.Tag != first.Headers.ETag.Tag);
    }

    [Fact]
    public async Task Poll_Held_AnswersWhenABrokerAppears()
    {
        var ns = await house.Namespace();
        using var first = await Poll(null, 0);
        var held = Poll(first.Headers.ETag!.Tag, 60);
        await house.Apply(BrokerYaml, ns);
        using var second = await held;
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.True(Generation(second) > Generation(first));
    }

    [Fact]
    public async Task Broker_WhileAnInstanceHasAnOldTable_IsNotReadyUntilItHasTheNewOne()
    {
        var ns = await house.Namespace();
        using var known = await Poll(null, 0);
        var etag = known.Headers.ETag!.Tag;
        // The instance keeps saying that it has the old table, from before the Broker is there: live, and behind.
        (await Poll(etag, 0, "slow")).Dispose();
        using var catchUp = new CancellationTokenSource();
        var behind = PollStuckAt(etag, "slow", catchUp.Token);
        await house.Apply(BrokerYaml, ns);
        await house.Condition(
            $"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/channels/default-kn-trigger",
            "Addressable",
            "Unknown",
            "RoutingTableNotLoaded");
        await house.Condition(House.Broker(ns), "IngressReady", "Unknown", "TriggerChannelNotReady");
        await catchUp.CancelAsync();
        await behind;
        using var stop = new CancellationTokenSource();
        var polling = PollAsInstance("slow", stop.Token);
        await house.Ready(House.Broker(ns));
        await stop.CancelAsync();
        await polling;
    }

    [Fact]
    public async Task Operator_Restarted_KeepsTheTableAndItsGenerationRises()
    {
        var ns = await house.Namespace();
        await house.Apply(BrokerYaml, ns);
        await house.Apply(TriggerYaml("stays"), ns);
        await house.Apply(TriggerYaml("goes"), ns);
        var stays = await house.Ready(House.Trigger(ns, "stays"));
        var goes = await house.Ready(House.Trigger(ns, "goes"));
        var before = (await house.Table()).Generation;

        await house.Operator.DisposeAsync();
        await house.Delete(House.Trigger(ns, "goes"));
        await house.StartOperator();

        var table = await house.Table();
        Assert.True(table.Generation > before);
        Assert.Equal(EgressState.Active, table.Egresses.Single(e => e.Uid == stays.Uid).State);
        await Eventually.True(
            async () => (await house.Table()).Egresses.Single(e => e.Uid == goes.Uid).State == EgressState.Draining,
            "what was deleted meanwhile drains");
        await Eventually.True(
            async () => (await house.Bus.Subscriptions($"{ns}.default-kn-trigger")).Count == 1,
            "and its bus subscription is gone");
        await house.Ready(House.Trigger(ns, "stays"));
    }

    [Fact]
    public async Task Probes_OfARunningOperator_AreOk()
    {
        foreach (var probe in new[] { "/healthz", "/readyz" })
        {
            Assert.Equal("ok", await _http.GetStringAsync(new Uri(house.Operator.RoutingUri, probe)));
        }
    }

    private const string BrokerYaml =
        "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: default}\nspec: {}";

    private static string TriggerYaml(string name) =>
        $$"""
        apiVersion: eventing.knative.dev/v1
        kind: Trigger
        metadata: {name: {{name}} }
        spec: {broker: default, subscriber: {uri: "http://example.com/"} }
        """;

    private async Task PollAsInstance(string name, CancellationToken cancellationToken)
    {
        string? etag = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            using var answer = await Poll(etag, 1, name);
            etag = answer.Headers.ETag?.Tag ?? etag;
        }
    }

    private async Task PollStuckAt(string etag, string name, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            (await Poll(etag, 1, name)).Dispose();
        }
    }

    private async Task<HttpResponseMessage> Poll(string? etag, int wait, string? instance = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, house.Operator.RoutingUri);
        request.Headers.Add("Prefer", $"wait={wait}");
        if (etag is not null)
        {
            request.Headers.Add("If-None-Match", etag);
        }

        if (instance is not null)
        {
            request.Headers.Add("X-Eventing-Instance", instance);
        }

        return await _http.SendAsync(request);
    }

    private static long Generation(HttpResponseMessage response) => long.Parse(response.Headers.ETag!.Tag.Trim('"'));
}
