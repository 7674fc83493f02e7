// Knative's control-plane conformance rows, by kubectl; each test bears the row's number.
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class ControlPlaneTests(House house) : IClassFixture<House>, IDisposable
{
    private readonly Kubectl _kubectl = new(house);

    [Fact]
    public async Task C1_BrokerReady_HasAnHttpAddress()
    {
        var ns = await Broker();
        var url = await _kubectl.Succeeds($"get broker default -n {ns} -o jsonpath={{.status.address.url}}");
        Assert.StartsWith("http://", url);
    }

    [Fact]
    public async Task C2_BrokerClassChanged_IsToldAndEverythingStays()
    {
        var ns = await Broker();
        await _kubectl.Succeeds(
            $"annotate broker default -n {ns} --overwrite eventing.knative.dev/broker.class=Kafka");
        await house.Condition(House.Broker(ns), "IngressReady", "False", "Immutable");
        Assert.True(await house.Bus.Administration.TopicExistsAsync($"{ns}.default-kn-trigger"));
        Assert.Contains((await house.Table()).Ingresses, ingress => ingress.Path == $"/{ns}/default");
        await _kubectl.Succeeds(
            $"annotate broker default -n {ns} --overwrite eventing.knative.dev/broker.class=AzureServiceBus");
        await house.Ready(House.Broker(ns));
    }

    [Fact]
    public async Task C3_BrokerConfigChanged_IsRefused()
    {
        var ns = await house.Namespace();
        await Apply(
            ns,
            """
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata: {name: default}
            spec: {config: {apiVersion: v1, kind: ConfigMap, name: first} }
            """);
        var why = await _kubectl.IsRefused(
            $"patch broker default -n {ns} --type=merge -p {{\"spec\":{{\"config\":{{\"name\":\"second\"}}}}}}");
        Assert.Contains("spec.config", why);
        Assert.Contains("cannot be changed", why);
        // What may be changed can be, beside it.
        await _kubectl.Succeeds(
            $"patch broker default -n {ns} --type=merge -p {{\"spec\":{{\"delivery\":{{\"retry\":2}}}}}}");
    }

    [Fact]
    public async Task C5_TriggerReady_HasItsSubscriberAndKeepsItsBroker()
    {
        var ns = await Broker();
        await Apply(ns, Trigger("one", "filter: {attributes: {type: a} }"));
        await _kubectl.Succeeds($"wait trigger one -n {ns} --for=condition=Ready --timeout=30s");
        Assert.Equal(
            "http://sub.example/",
            await _kubectl.Succeeds($"get trigger one -n {ns} -o jsonpath={{.status.subscriberUri}}"));
        var before = Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"));
        foreach (var version in new[] { "v1", "v1alpha1" })
        {
            Assert.Contains("spec.broker", await _kubectl.IsRefused(
                $"patch triggers.{version}.eventing.knative.dev one -n {ns} --type=merge "
                + "-p {\"spec\":{\"broker\":\"other\"}}"));
        }

        var after = Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"));
        Assert.Equal(before.SubscriptionName, after.SubscriptionName);
    }

    [Fact]
    public async Task C7_FilterOfAValidAttribute_BecomesReady()
    {
        var ns = await Broker();
        string[] names =
        [
            "source", "id", "specversion", "type", "subject", "time", "datacontenttype", "dataschema", "aaa", "c1d2e3",
            "abcdefghijklmnopqrst",
        ];
        foreach (var (index, name) in names.Index())
        {
            await house.Apply(Trigger($"t{index}", $"filter: {{attributes: {{{name}: value}} }}"), ns);
        }

        await _kubectl.Succeeds($"wait trigger --all -n {ns} --for=condition=Ready --timeout=30s");
    }

    [Fact]
    public async Task C8_FilterOfAnInvalidAttribute_IsRefusedOrToldBeforeAnythingIsMade()
    {
        var ns = await Broker();
        string[] names =
        [
            "SOURCE", "Source", "souRce", "s pace s", "s_pace_s", "s-pace-s", "123", "😊", "!@#$%^&*()-_=_`~+",
            "{}[];':<>,./?",
        ];
        foreach (var (index, name) in names.Index())
        {
            await house.Apply(Trigger($"t{index}", $"filter: {{attributes: {{\"{name}\": value}} }}"), ns);
        }

        foreach (var (index, _) in names.Index())
        {
            await house.Condition(House.Trigger(ns, $"t{index}"), "SubscriptionReady", "False", "FilterInvalid");
        }

        Assert.Empty(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"));
    }

    [Fact]
    public async Task C9_TriggerWithoutFilterAndNamespace_MeansEverythingAndItsOwn()
    {
        var ns = await Broker();
        await house.Service(ns, "display");
        await Apply(
            ns,
            """
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: one}
            spec:
              broker: default
              subscriber: {ref: {apiVersion: v1, kind: Service, name: display} }
            """);
        var trigger = await house.Ready(House.Trigger(ns, "one"));
        Assert.Equal($"http://display.{ns}.svc.cluster.local", trigger.Status.Text("subscriberUri"));
        var subscription = Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"));
        Assert.IsType<TrueRuleFilter>(Assert.Single(await house.Bus.Rules(subscription)).Filter);
    }

    [Fact]
    public async Task C10_ChannelKinds_AreChannelable()
    {
        var ns = await house.Namespace();
        foreach (var plural in new[] { "inmemorychannels", "servicebuschannels" })
        {
            var crd = await house.Get(
                $"apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.messaging.knative.dev");
            Assert.Equal("true", crd!.Label("messaging.knative.dev/subscribable"));
            Assert.Equal("true", crd.Label("duck.knative.dev/addressable"));
            Assert.Equal("Namespaced", crd.Spec.Text("scope"));
        }

        await Apply(
            ns,
            """
            apiVersion: messaging.knative.dev/v1
            kind: ServiceBusChannel
            metadata: {name: pipe}
            spec: {delivery: {deadLetterSink: {uri: "http://sink.example/"} } }
            """);
        await _kubectl.Succeeds($"wait servicebuschannel pipe -n {ns} --for=condition=Ready --timeout=30s");
        Assert.Equal("http://sink.example/", await _kubectl.Succeeds(
            $"get servicebuschannel pipe -n {ns} -o jsonpath={{.status.deadLetterSinkUri}}"));
        // Not by category `channel`, as with Knative: that would hide v0.7's Channels behind the word.
        Assert.Contains("servicebuschannel", await _kubectl.Succeeds($"get messaging -n {ns} -o name"));
    }

    [Fact]
    public async Task C12_ApiServerSourceInvalid_IsRefusedOnCreateAndUpdate()
    {
        var ns = await house.Namespace();
        string Source(string spec) =>
            "apiVersion: sources.knative.dev/v1\nkind: ApiServerSource\nmetadata: {name: one}\n"
            + $"spec: {{sink: {{uri: \"http://sink.example/\"}}, {spec}}}";
        Assert.Contains("resources", await _kubectl.IsRefused($"apply -n {ns} -f -", Source("mode: Resource")));
        await Apply(ns, Source("resources: [{apiVersion: v1, kind: ConfigMap}]"));
        Assert.Contains("spec.resources", await _kubectl.IsRefused(
            $"patch apiserversources.v1.sources.knative.dev one -n {ns} --type=merge "
            + "-p {\"spec\":{\"resources\":\"none\"}}"));
    }

    [Fact]
    public async Task C13_TriggerWithADependency_IsReadyAfterIt()
    {
        var ns = await Broker();
        await house.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata:
              name: one
              annotations:
                knative.dev/dependency: '{"kind":"PingSource","name":"ping","apiVersion":"sources.knative.dev/v1"}'
            spec: {broker: default, subscriber: {uri: "http://sub.example/"} }
            """,
            ns);
        await house.Condition(House.Trigger(ns, "one"), "DependencyReady", "False", "DependencyDoesNotExist");
        await Apply(
            ns,
            """
            apiVersion: sources.knative.dev/v1
            kind: PingSource
            metadata: {name: ping}
            spec: {schedule: "0 0 1 1 *", sink: {uri: "http://sink.example/"} }
            """);
        await house.Ready(House.Trigger(ns, "one"));
    }

    [Theory]
    [InlineData("messaging.knative.dev", "v1", "ref")]
    [InlineData("eventing.knative.dev", "v1alpha1", "channel")]
    public async Task Subscription_ChannelChanged_IsRefused(string group, string version, string reply)
    {
        var ns = await house.Namespace();
        var kind = group == "messaging.knative.dev" ? "ServiceBusChannel" : "Channel";
        await Apply(
            ns,
            $$"""
            apiVersion: {{group}}/{{version}}
            kind: Subscription
            metadata: {name: flow}
            spec:
              channel: {apiVersion: {{group}}/{{version}}, kind: {{kind}}, name: one}
              subscriber: {uri: "http://sub.example/"}
              reply: { {{reply}}: {apiVersion: {{group}}/{{version}}, kind: {{kind}}, name: back} }
            """);
        Assert.Contains("spec.channel", await _kubectl.IsRefused(
            $"patch subscriptions.{version}.{group} flow -n {ns} --type=merge "
            + "-p {\"spec\":{\"channel\":{\"name\":\"two\"}}}"));
    }

    [Fact]
    public async Task EventType_Changed_IsRefused()
    {
        var ns = await house.Namespace();
        await Apply(
            ns, "apiVersion: eventing.knative.dev/v1beta2\nkind: EventType\nmetadata: {name: et}\nspec: {type: a}");
        Assert.Contains("cannot be changed", await _kubectl.IsRefused(
            $"patch eventtypes.v1beta2.eventing.knative.dev et -n {ns} --type=merge "
            + "-p {\"spec\":{\"description\":\"other\"}}"));
    }

    public void Dispose() => _kubectl.Dispose();

    private async Task<string> Broker()
    {
        var ns = await house.Namespace();
        await Apply(ns, "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: default}\nspec: {}");
        await house.Ready(House.Broker(ns));
        return ns;
    }

    private Task Apply(string ns, string yaml) => _kubectl.Succeeds($"apply -n {ns} -f -", yaml);

    private static string Trigger(string name, string filter) =>
        $$"""
        apiVersion: eventing.knative.dev/v1
        kind: Trigger
        metadata: {name: {{name}} }
        spec:
          broker: default
          subscriber: {uri: "http://sub.example/"}
          {{filter}}
        """;
}
