// A routing table that a restarted operator does not find: lost, or too large to be kept.
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>
/// To functions, a table without an egress says that its Trigger was deleted: they would complete what is queued for
/// it. So a table is shown only when it is whole.
/// </summary>
public sealed class LostTableTests(House house) : IClassFixture<House>
{
    private const string ToSink = "ref: {apiVersion: test.example/v1, kind: Sink, name: s}";
    private const string Map = "api/v1/namespaces/serverless-eventing/configmaps/eventing-routing";

    [Fact]
    public async Task Table_LostWithItsConfigMap_IsMadeAnewBeforeAnyoneSeesIt()
    {
        var ns = await house.Namespace();
        await house.Apply(SinkKind);
        await house.Apply(
            "apiVersion: test.example/v1\nkind: Sink\nmetadata: {name: s}\nstatus: {address: {url: 'http://s/'}}", ns);
        await house.Apply(
            "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: default}\nspec: {}", ns);
        // One whose subscriber is of a kind that the operator gets to know only on the way.
        await house.Apply(Trigger("met", ToSink), ns);
        await house.Apply(Trigger("plain", "uri: 'http://example.com/'"), ns);
        var met = await house.Ready(House.Trigger(ns, "met"));
        var plain = await house.Ready(House.Trigger(ns, "plain"));
        var before = await house.Table();

        await house.Operator.DisposeAsync();
        await house.Delete(Map);
        await house.StartOperator();

        var first = await house.Table();
        Assert.True(first.Generation > before.Generation);
        Assert.Equal(
            new[] { met.Uid, plain.Uid }.Order(),
            first.Egresses.Where(e => e.Namespace == ns && e.State == EgressState.Active).Select(e => e.Uid).Order());
        Assert.Equal("http://s/", first.Egresses.Single(e => e.Uid == met.Uid).Destination!.Uri);
        Assert.Contains(first.Ingresses, ingress => ingress.Path == $"/{ns}/default");
        await house.Ready(House.Trigger(ns, "met"));
    }

    // Their bus subscriptions are there, and events are queued for them.
    [Fact]
    public async Task Table_LostWhileSomethingDoesNotResolve_SaysThatItIsThere()
    {
        var ns = await house.Namespace();
        await house.Apply(SinkKind);
        await house.Apply(
            "apiVersion: test.example/v1\nkind: Sink\nmetadata: {name: s}\nstatus: {address: {url: 'http://s/'}}", ns);
        await house.Apply(
            "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: default}\nspec: {}", ns);
        await house.Apply(
            "apiVersion: messaging.knative.dev/v1\nkind: Channel\nmetadata: {name: c}\nspec: {}", ns);
        await house.Apply(Trigger("t", ToSink), ns);
        await house.Apply(
            "apiVersion: messaging.knative.dev/v1\nkind: Subscription\nmetadata: {name: u}\nspec:\n"
            + "  channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: c}\n"
            + $"  subscriber:\n    {ToSink}",
            ns);
        await house.Apply(
            "apiVersion: sources.knative.dev/v1\nkind: PingSource\nmetadata: {name: p}\nspec:\n"
            + $"  schedule: '0 0 1 1 *'\n  sink:\n    {ToSink}",
            ns);
        string[] uids =
        [
            (await house.Ready(House.Trigger(ns, "t"))).Uid,
            (await house.Ready($"apis/messaging.knative.dev/v1/namespaces/{ns}/subscriptions/u")).Uid,
            (await house.Ready($"apis/sources.knative.dev/v1/namespaces/{ns}/pingsources/p")).Uid,
        ];

        await house.Operator.DisposeAsync();
        await house.Delete($"apis/test.example/v1/namespaces/{ns}/sinks/s");
        await house.Delete(Map);
        await house.StartOperator();

        var first = await house.Table();
        Assert.Equal(
            uids.Order(),
            first.Egresses.Where(egress => egress.Namespace == ns && egress.State == EgressState.Unresolved)
                .Select(egress => egress.Uid).Order());

        await house.Apply(
            "apiVersion: test.example/v1\nkind: Sink\nmetadata: {name: s}\nstatus: {address: {url: 'http://t/'}}", ns);
        await Eventually.True(
            async () => uids.All((await house.Table()).Egresses
                .Where(egress => egress.State == EgressState.Active && egress.Destination?.Uri == "http://t/")
                .Select(egress => egress.Uid).Contains),
            "each resolves again");
        Assert.DoesNotContain((await house.Table()).Egresses, egress => egress.State == EgressState.Unresolved);
    }

    // A function that knows a generation does not look at a table of the same one again.
    [Fact]
    public async Task Table_LostAsSoonAsItWasPublished_HasAHigherGenerationAllTheSame()
    {
        var ns = await house.Namespace();
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        using var client = ClusterClient.FromKubeconfig(house.Kubeconfig);
        var events = new EventRecorder(client, time, NullLogger.Instance);
        var store = new RoutingStore(client, events, ns, time, NullLogger.Instance);
        var published = (await FirstAsync()).Generation;

        time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True((await FirstAsync()).Generation > published);

        async Task<RoutingSnapshot> FirstAsync()
        {
            var stored = await store.LoadAsync(default);
            Assert.False(stored.IsWhole);
            var state = new RoutingState(time);
            state.Load(stored.Table, stored.IsWhole);
            return state.Take();
        }
    }

    [Fact]
    public async Task Table_TooLargeForItsConfigMap_IsToldAndServedAllTheSame()
    {
        const int triggers = 16;
        var ns = await house.Namespace();
        await house.Apply(
            "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: default}\nspec: {}", ns);
        for (var n = 0; n < triggers; n++)
        {
            // What is random cannot be packed.
            var path = Convert.ToBase64String(RandomNumberGenerator.GetBytes(45_000)).Replace('+', '-');
            await house.Apply(Trigger($"t{n}", $"uri: 'http://example.com/{path}'"), ns);
        }

        await Eventually.True(async () => Count(await house.Table(), ns) == triggers, "the table has them all");
        await Eventually.Passes(async () =>
        {
            var map = (await house.Get(Map))!;
            Assert.Null(map.Json.At("binaryData", "table.json.gz"));
            Assert.True(long.Parse(map.Json.Text("data", "generation")!) >= 1);
            Assert.Single(
                await house.List("api/v1/namespaces/serverless-eventing/events"),
                item => item.Json.Text("reason") == "RoutingTableTooLarge");
        });
        Assert.Contains("too large for ConfigMap serverless-eventing/eventing-routing", house.Log);

        var before = await house.Table();
        await house.Operator.DisposeAsync();
        await house.StartOperator();
        var first = await house.Table();
        Assert.True(first.Generation > before.Generation);
        Assert.Equal(triggers, Count(first, ns));
    }

    private static int Count(RoutingTable table, string ns) =>
        table.Egresses.Count(egress => egress.Namespace == ns && egress.State == EgressState.Active);

    private static string Trigger(string name, string subscriber) =>
        $"apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {{name: {name}}}\n"
        + $"spec:\n  broker: default\n  subscriber:\n    {subscriber}";

    private const string SinkKind =
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: sinks.test.example}
        spec:
          group: test.example
          scope: Namespaced
          names: {kind: Sink, plural: sinks, singular: sink}
          versions:
            - name: v1
              served: true
              storage: true
              schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
        """;
}
