// Brokers, end to end: what the cluster and the bus look like, and what a deletion leaves.
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class BrokerTests(House house) : IClassFixture<House>
{
    [Theory]
    [InlineData("knative-eventing-injection: enabled")]
    [InlineData("eventing.knative.dev/injection: enabled")]
    public async Task Namespace_Labelled_GetsABrokerThatBecomesReady(string label)
    {
        var ns = await house.Namespace(label);
        var broker = await house.Ready(House.Broker(ns));
        Assert.Equal(
            $"http://broker-ingress.serverless-eventing.svc.cluster.local/{ns}/default",
            broker.Status.Text("address", "url"));
        Assert.Equal($"default-broker.{ns}.svc.cluster.local", broker.Status.Text("address", "hostname"));
        Assert.Equal("default-kn-trigger", broker.Status.Text("triggerChannel", "name"));
        Assert.Equal("default-kn-ingress", broker.Status.Text("IngressChannel", "name"));
    }

    [Fact]
    public async Task Broker_Ready_HasItsChannelsServicesAndEntities()
    {
        var ns = await Ready();
        foreach (var channel in new[] { "default-kn-trigger", "default-kn-ingress" })
        {
            await house.Ready($"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/channels/{channel}");
            Assert.NotNull(await house.Get($"api/v1/namespaces/{ns}/services/{channel}-kn-channel"));
        }

        var service = await house.Get($"api/v1/namespaces/{ns}/services/default-broker");
        Assert.Equal("ExternalName", service!.Spec.Text("type"));
        Assert.Equal("broker-ingress.serverless-eventing.svc.cluster.local", service.Spec.Text("externalName"));

        TopicProperties triggers = await house.Bus.Administration.GetTopicAsync($"{ns}.default-kn-trigger");
        TopicProperties replies = await house.Bus.Administration.GetTopicAsync($"{ns}.default-kn-ingress");
        Assert.False(triggers.RequiresDuplicateDetection);
        Assert.True(replies.RequiresDuplicateDetection);
        Assert.Contains("\"installation\"", triggers.UserMetadata);
    }

    [Fact]
    public async Task Broker_Ready_RepliesFlowToTheTriggerTopicByTheBusAlone()
    {
        var ns = await Ready();
        var loop = Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-ingress"));
        Assert.EndsWith($"{ns}.default-kn-trigger", loop.ForwardTo);
        var rule = Assert.Single(await house.Bus.Rules(loop));
        Assert.IsType<TrueRuleFilter>(rule.Filter);
        Assert.Null(rule.Action);
    }

    [Fact]
    public async Task Broker_Ready_IsInTheRoutingTable()
    {
        var ns = await Ready();
        var ingress = Assert.Single(
            (await house.Table()).Ingresses, i => i.Kind == IngressKind.Broker && i.Namespace == ns);
        Assert.Equal($"/{ns}/default", ingress.Path);
        Assert.Equal([$"default-broker.{ns}.svc"], ingress.Hosts);
        Assert.Equal($"{ns}.default-kn-trigger", ingress.Topic);
    }

    [Fact]
    public async Task Broker_WithDuplicateDetection_HasATopicThatDropsThemAndCannotTakeItBack()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata: {name: default, annotations: {eventing.azure.dev/duplicate-detection: PT10M} }
            spec: {}
            """,
            ns);
        await house.Ready(House.Broker(ns));
        TopicProperties topic = await house.Bus.Administration.GetTopicAsync($"{ns}.default-kn-trigger");
        Assert.True(topic.RequiresDuplicateDetection);
        Assert.Equal(TimeSpan.FromMinutes(10), topic.DuplicateDetectionHistoryTimeWindow);
        Assert.True((await Ingress(ns)).DropsDuplicates);

        await Annotate(ns, "\"PT1H\"");
        await Eventually.Passes(async () => Assert.Equal(
            TimeSpan.FromHours(1),
            (await house.Bus.Administration.GetTopicAsync($"{ns}.default-kn-trigger"))
                .DuplicateDetectionHistoryTimeWindow));

        await Annotate(ns, "null");
        await house.Condition(House.Broker(ns), "TriggerChannelReady", "False", "Immutable");
        Assert.True((await Ingress(ns)).DropsDuplicates);
        await Annotate(ns, "\"soon\"");
        await house.Condition(House.Broker(ns), "TriggerChannelReady", "False", "DuplicateDetectionInvalid");
        await Annotate(ns, "\"PT10M\"");
        await house.Ready(House.Broker(ns));
    }

    [Fact]
    public async Task Broker_WithChannelAnnotations_PassesThemOn()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata: {name: default, annotations: {messaging.knative.dev/mine: "yes", other: "no"} }
            spec: {}
            """,
            ns);
        await house.Ready(House.Broker(ns));
        var channel = await house.Get(
            $"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/channels/default-kn-trigger");
        Assert.Equal("yes", channel!.Annotation("messaging.knative.dev/mine"));
        Assert.Null(channel.Annotation("other"));
    }

    [Fact]
    public async Task Broker_Deleted_LeavesNothing()
    {
        var ns = await Ready();
        await house.Delete(House.Broker(ns));
        await Eventually.True(
            async () => (await house.List($"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/channels")).Count == 0
                && (await house.List($"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/subscriptions")).Count == 0
                && (await house.List($"api/v1/namespaces/{ns}/services")).Count == 0,
            "what the Broker owned is gone");
        Assert.False(await house.Bus.Administration.TopicExistsAsync($"{ns}.default-kn-trigger"));
        Assert.False(await house.Bus.Administration.TopicExistsAsync($"{ns}.default-kn-ingress"));
        Assert.DoesNotContain((await house.Table()).Ingresses, ingress => ingress.Namespace == ns);
    }

    [Fact]
    public async Task Broker_OfAnotherClass_IsLeftAlone()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata:
              name: foreign
              annotations: {eventing.knative.dev/broker.class: Kafka}
            spec: {}
            ---
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: theirs}
            spec:
              broker: foreign
              subscriber: {uri: "http://example.com"}
            """,
            ns);
        // A Broker of ours made after it is Ready, so the operator has passed the foreign one by.
        await MakeBroker(ns, "ours");
        await house.Ready(House.Broker(ns, "ours"));
        Assert.Null((await house.Get(House.Broker(ns, "foreign")))!.Status);
        Assert.Null((await house.Get(House.Trigger(ns, "theirs")))!.Status);
        Assert.False(await house.Bus.Administration.TopicExistsAsync($"{ns}.foreign-kn-trigger"));
    }

    [Fact]
    public async Task Broker_TopicOfItsNameIsForeign_SaysSoAndTouchesNothing()
    {
        var ns = await house.Namespace();
        var foreign = new CreateTopicOptions($"{ns}.default-kn-trigger") { UserMetadata = "someone else's" };
        await house.Bus.Administration.CreateTopicAsync(foreign);
        await MakeBroker(ns);
        await house.Condition(House.Broker(ns), "TriggerChannelReady", "False", "NameTaken");
        await house.Delete(House.Broker(ns));
        await Eventually.True(
            async () => (await house.List($"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/channels")).Count == 0,
            "the channels are gone");
        TopicProperties left = await house.Bus.Administration.GetTopicAsync(foreign.Name);
        Assert.Equal("someone else's", left.UserMetadata);
    }

    [Fact]
    public async Task Broker_WithADeadLetterSink_ShowsItsAddress()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata: {name: default}
            spec:
              delivery:
                retry: 2
                deadLetterSink: {ref: {apiVersion: v1, kind: Service, name: sink}}
            """,
            ns);
        await house.Condition(House.Broker(ns), "DeadLetterSinkResolved", "False", "NotFound");
        await house.Service(ns, "sink");
        var broker = await house.Ready(House.Broker(ns));
        Assert.Equal($"http://sink.{ns}.svc.cluster.local", broker.Status.Text("deadLetterSinkUri"));
    }

    [Theory]
    [InlineData("admin")]
    [InlineData("runtime")]
    public async Task Broker_InANamespaceTheFunctionsHostKeeps_IsRefused(string ns)
    {
        await house.Apply($"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {ns}}}");
        await MakeBroker(ns);
        await house.Condition(House.Broker(ns), "IngressReady", "False", "NamespaceReserved");
    }

    private async Task<string> Ready()
    {
        var ns = await house.Namespace();
        await MakeBroker(ns);
        await house.Ready(House.Broker(ns));
        return ns;
    }

    private Task MakeBroker(string ns, string name = "default") =>
        house.Apply($"apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {{name: {name}}}\nspec: {{}}", ns);

    private Task Annotate(string ns, string json) => house.Patch(
        House.Broker(ns),
        "{\"metadata\":{\"annotations\":{\"eventing.azure.dev/duplicate-detection\":" + json + "}}}");

    private async Task<Ingress> Ingress(string ns) => (await house.Table()).Ingresses
        .Single(ingress => ingress.Kind == IngressKind.Broker && ingress.Namespace == ns);
}
