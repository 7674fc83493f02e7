// The program with --coexist beside a controller that works on Knative's kinds: neither touches what is the other's.
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class CoexistProgramTests : IAsyncLifetime
{
    // Brokers, Channels and Subscriptions of both, mixed.
    private const string Both =
        """
        apiVersion: eventing.knative.dev/v1
        kind: Broker
        metadata: {name: theirs, annotations: {eventing.knative.dev/broker.class: MTChannelBasedBroker} }
        spec: {}
        ---
        apiVersion: eventing.knative.dev/v1
        kind: Trigger
        metadata: {name: of-theirs}
        spec: {broker: theirs, subscriber: {uri: "http://sub.example/"} }
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
        ---
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
        ---
        apiVersion: messaging.knative.dev/v1
        kind: Subscription
        metadata: {name: of-theirs}
        spec:
          channel: {apiVersion: messaging.knative.dev/v1, kind: InMemoryChannel, name: theirs}
          subscriber: {uri: "http://sub.example/"}
        ---
        apiVersion: eventing.knative.dev/v1beta2
        kind: EventType
        metadata: {name: theirs}
        spec: {type: a}
        """;

    private readonly House _house = new() { Definitions = CoexistTests.KnativesAndOurThree, HasOperator = false };

    [Fact]
    public async Task Program_BesideKnativesController_EachMakesItsOwnReadyAndNothingElse()
    {
        const string Crds = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        var before = (await _house.List(Crds)).ToDictionary(crd => crd.Name, crd => crd.Version);
        await using var program = await OperatorProcess.StartAsync(_house, "--coexist");
        var ns = await _house.Namespace("eventing.knative.dev/injection: enabled");
        await _house.Apply(Both, ns);
        await new KnativeStandIn(_house, ns).WorkAsync();
        await _house.Ready(House.Broker(ns, "ours"));
        await _house.Ready(House.Trigger(ns, "of-ours"));
        Assert.Single(await _house.Bus.Subscriptions($"{ns}.ours-kn-trigger"));
        Assert.Single(await _house.Bus.Subscriptions($"{ns}.pipe"));

        // Who wrote an object is in its managedFields.
        const string V1 = "apis/eventing.knative.dev/v1/namespaces";
        const string Messaging = "apis/messaging.knative.dev/v1/namespaces";
        Assert.True(IsWrittenByUs(await _house.Get(House.Broker(ns, "ours"))));
        Assert.True(IsWrittenByUs(await _house.Get($"{Messaging}/{ns}/servicebuschannels/pipe")));
        string[] foreign =
        [
            House.Broker(ns, "theirs"), House.Trigger(ns, "of-theirs"), $"{Messaging}/{ns}/inmemorychannels/theirs",
            $"{Messaging}/{ns}/subscriptions/flow", $"{Messaging}/{ns}/subscriptions/of-theirs",
            $"apis/eventing.knative.dev/v1beta2/namespaces/{ns}/eventtypes/theirs", $"api/v1/namespaces/{ns}",
        ];
        foreach (var path in foreign)
        {
            Assert.False(IsWrittenByUs(await _house.Get(path)), path);
        }

        Assert.Equal(["ours", "theirs"], (await _house.List($"{V1}/{ns}/brokers")).Select(item => item.Name).Order());
        Assert.Equal(before, (await _house.List(Crds)).ToDictionary(crd => crd.Name, crd => crd.Version));
    }

    public ValueTask InitializeAsync() => _house.InitializeAsync();

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    private static bool IsWrittenByUs(Resource? resource) => resource!.Json.Items("metadata", "managedFields")
        .Any(entry => entry.Text("manager") == "eventing-operator");
}
