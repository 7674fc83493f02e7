// The operator beside an installed Knative: its kinds are left to it.
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>
/// A cluster with Knative's own definitions and the three of ours that it does not have. Knative's controllers are
/// played by the test: it writes what they would.
/// </summary>
public sealed class CoexistTests : IAsyncLifetime
{
    /// <summary>Definitions as they are beside an installed Knative.</summary>
    internal static readonly IReadOnlyList<string> KnativesAndOurThree =
    [
        .. Directory.EnumerateFiles(
            Path.Combine(House.Root(), "tests", "Local.Kubernetes.Tests", "Conformance", "knative-crds"), "*.yaml")
            .Order(),
        Ours("eventing.knative.dev_channels"),
        Ours("eventing.knative.dev_subscriptions"),
        Ours("messaging.knative.dev_servicebuschannels"),
    ];

    private readonly House _house = new()
    {
        Definitions = KnativesAndOurThree,
        Settings = options => options with { Coexist = true },
    };

    [Fact]
    public async Task Broker_OfOurClass_WorksWithItsTriggersAndTheOthersAreLeftAlone()
    {
        var ns = await _house.Namespace("eventing.knative.dev/injection: enabled");
        await _house.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata: {name: theirs, annotations: {eventing.knative.dev/broker.class: MTChannelBasedBroker} }
            spec: {}
            ---
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata: {name: unclassed}
            spec: {}
            ---
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: of-theirs}
            spec: {broker: theirs, subscriber: {uri: "http://sub.example/"} }
            ---
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: of-nobody}
            spec: {broker: absent, subscriber: {uri: "http://sub.example/"} }
            ---
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata: {name: ours, annotations: {eventing.knative.dev/broker.class: AzureServiceBus} }
            spec: {}
            ---
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: of-ours}
            spec: {broker: ours, subscriber: {uri: "http://sub.example/"} }
            """,
            ns);
        await _house.Ready(House.Broker(ns, "ours"));
        await _house.Ready(House.Trigger(ns, "of-ours"));
        Assert.Single(await _house.Bus.Subscriptions($"{ns}.ours-kn-trigger"));

        foreach (var path in new[]
        {
            House.Broker(ns, "theirs"), House.Broker(ns, "unclassed"), House.Trigger(ns, "of-theirs"),
            House.Trigger(ns, "of-nobody"),
        })
        {
            var left = await _house.Get(path);
            Assert.True(left!.Status is null or { Count: 0 }, $"{path}: {left.Status}");
            Assert.Empty(left.Json.Items("metadata", "finalizers"));
        }

        // The label is for Knative's own sugar to see.
        Assert.Null(await _house.Get(House.Broker(ns)));
    }

    [Fact]
    public async Task ServiceBusChannel_SubscribedByKnative_DeliversAndKnativesKindsAreLeftAlone()
    {
        var ns = await _house.Namespace();
        await _house.Apply(
            """
            apiVersion: messaging.knative.dev/v1
            kind: InMemoryChannel
            metadata: {name: theirs}
            spec: {}
            ---
            apiVersion: messaging.knative.dev/v1
            kind: ServiceBusChannel
            metadata: {name: pipe}
            spec: {}
            ---
            apiVersion: messaging.knative.dev/v1
            kind: Subscription
            metadata: {name: flow}
            spec:
              channel: {apiVersion: messaging.knative.dev/v1, kind: ServiceBusChannel, name: pipe}
              subscriber: {uri: "http://sub.example/"}
            """,
            ns);
        var channel = $"apis/messaging.knative.dev/v1/namespaces/{ns}/servicebuschannels/pipe";
        await _house.Ready(channel);
        var subscription = await _house.Get($"apis/messaging.knative.dev/v1/namespaces/{ns}/subscriptions/flow");
        Assert.Empty(subscription!.Json.Items("metadata", "finalizers"));

        // What Knative's Subscription controller does once the Channel is there.
        var entry = $$"""
            {"uid":"{{subscription.Uid}}","generation":1,"name":"flow","subscriberUri":"http://sub.example/"}
            """;
        await _house.Patch(channel, $$$"""{"spec":{"subscribers":[{{{entry}}}]}}""");
        await Eventually.Passes(async () =>
        {
            var told = (await _house.Get(channel))!.Status.Items("subscribers").Single();
            Assert.Equal((subscription.Uid, "True"), (told.Text("uid"), told.Text("ready")));
        });
        Assert.Single(await _house.Bus.Subscriptions($"{ns}.pipe"));
        var written = Assert.Single((await _house.Get(channel))!.Spec.Items("subscribers"));
        Assert.Equal(entry.Trim(), written.ToJsonString());

        var foreign = await _house.Get($"apis/messaging.knative.dev/v1/namespaces/{ns}/inmemorychannels/theirs");
        Assert.True(foreign!.Status is null or { Count: 0 });
        Assert.Empty(foreign.Json.Items("metadata", "finalizers"));
        Assert.False(await _house.Bus.Administration.TopicExistsAsync($"{ns}.theirs"));
        Assert.DoesNotContain(
            (await _house.Table()).Ingresses, ingress => ingress is { Kind: IngressKind.Channel, Name: "theirs" });
    }

    public ValueTask InitializeAsync() => _house.InitializeAsync();

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    private static string Ours(string name) => Path.Combine(House.Root(), "infra", "crds", $"{name}.yaml");
}
