// Channels and Subscriptions of all kinds, end to end.
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class ChannelTests(House house) : IClassFixture<House>
{
    [Theory]
    [InlineData("messaging.knative.dev/v1", "Channel")]
    [InlineData("messaging.knative.dev/v1", "InMemoryChannel")]
    [InlineData("messaging.knative.dev/v1", "ServiceBusChannel")]
    [InlineData("eventing.knative.dev/v1alpha1", "Channel")]
    public async Task Channel_OfEachKind_IsATopicWithAnAddress(string apiVersion, string kind)
    {
        var ns = await house.Namespace();
        await Make(ns, apiVersion, kind, "pipe");
        var channel = await house.Ready(Path(ns, apiVersion, kind, "pipe"));
        Assert.Equal($"http://pipe-kn-channel.{ns}.svc.cluster.local", channel.Status.Text("address", "url"));
        Assert.True(await house.Bus.Administration.TopicExistsAsync($"{ns}.pipe"));
        var ingress = Assert.Single((await house.Table()).Ingresses, i => i.Uid == channel.Uid);
        Assert.Equal($"/channels/{ns}/pipe", ingress.Path);
        Assert.Contains($"pipe-kn-channel.{ns}.svc", ingress.Hosts);

        await house.Delete(Path(ns, apiVersion, kind, "pipe"));
        await Eventually.True(
            async () => await house.Get(Path(ns, apiVersion, kind, "pipe")) is null, "the Channel is gone");
        Assert.False(await house.Bus.Administration.TopicExistsAsync($"{ns}.pipe"));
        await Eventually.True(
            async () => (await house.Table()).Ingresses.All(i => i.Uid != channel.Uid), "its ingress is gone");
    }

    [Fact]
    public async Task Channel_OfAnotherKindHasTheName_SaysNameTaken()
    {
        var ns = await house.Namespace();
        await Make(ns, "messaging.knative.dev/v1", "InMemoryChannel", "twice");
        await house.Ready(Path(ns, "messaging.knative.dev/v1", "InMemoryChannel", "twice"));
        await Make(ns, "messaging.knative.dev/v1", "ServiceBusChannel", "twice");
        var second = Path(ns, "messaging.knative.dev/v1", "ServiceBusChannel", "twice");
        await house.Condition(second, "TopicReady", "False", "NameTaken");
        await house.Delete(second);
        await Eventually.True(async () => await house.Get(second) is null, "the second is gone");
        Assert.True(await house.Bus.Administration.TopicExistsAsync($"{ns}.twice"));
    }

    [Theory]
    [InlineData("messaging.knative.dev/v1", "ref")]
    [InlineData("eventing.knative.dev/v1alpha1", "channel")]
    public async Task Subscription_OfEachGroup_IsABusSubscriptionWithAnEgress(string apiVersion, string replyField)
    {
        var ns = await house.Namespace();
        await house.Service(ns, "display");
        await Make(ns, apiVersion, "Channel", "in");
        await Make(ns, apiVersion, "Channel", "out");
        await house.Apply(
            $"""
            apiVersion: {apiVersion}
            kind: Subscription
            metadata: {"{"}name: flow{"}"}
            spec:
              channel: {"{"}apiVersion: {apiVersion}, kind: Channel, name: in{"}"}
              subscriber: {"{"}ref: {"{"}apiVersion: v1, kind: Service, name: display{"}}"}
              reply: {"{"}{replyField}: {"{"}apiVersion: {apiVersion}, kind: Channel, name: out{"}}"}
            """,
            ns);
        var path = Path(ns, apiVersion, "Subscription", "flow");
        var subscription = await house.Ready(path);
        var bus = Assert.Single(await house.Bus.Subscriptions($"{ns}.in"));
        Assert.EndsWith("eventing-subscriptions", bus.ForwardTo);
        var rule = Assert.Single(await house.Bus.Rules(bus));
        Assert.IsType<TrueRuleFilter>(rule.Filter);
        Assert.Contains(subscription.Uid, ((SqlRuleAction)rule.Action!).SqlExpression);
        var egress = Assert.Single((await house.Table()).Egresses, e => e.Uid == subscription.Uid);
        Assert.Equal(EgressKind.Subscription, egress.Kind);
        Assert.Equal($"{ns}.out", egress.Reply!.Topic);
        Assert.Equal(0, egress.Delivery.Retry);
        await Eventually.True(
            async () => Subscribers(await house.Get(Path(ns, apiVersion, "Channel", "in"))).Contains(subscription.Uid),
            "the Channel shows its subscriber");

        await house.Delete(path);
        await Eventually.True(async () => await house.Get(path) is null, "the Subscription is gone");
        Assert.Empty(await house.Bus.Subscriptions($"{ns}.in"));
    }

    [Fact]
    public async Task Subscription_WithoutItsChannel_SaysSoAndHeals()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: messaging.knative.dev/v1
            kind: Subscription
            metadata: {name: early}
            spec:
              channel: {apiVersion: messaging.knative.dev/v1, kind: InMemoryChannel, name: late}
              subscriber: {uri: "http://example.com/"}
            """,
            ns);
        var path = Path(ns, "messaging.knative.dev/v1", "Subscription", "early");
        await house.Condition(path, "ChannelReady", "False", "ChannelNotFound");
        await Make(ns, "messaging.knative.dev/v1", "InMemoryChannel", "late");
        await house.Ready(path);
    }

    [Fact]
    public async Task Lanes_OfAFreshBus_AreAsTheDesignSays()
    {
        await Eventually.True(
            async () => await house.Bus.Administration.QueueExistsAsync("eventing-sources-retries"), "lanes are there");
        foreach (var lane in new[] { "eventing-triggers", "eventing-subscriptions", "eventing-sources" })
        {
            QueueProperties queue = await house.Bus.Administration.GetQueueAsync(lane);
            Assert.Equal(100, queue.MaxDeliveryCount);
            Assert.Equal(lane == "eventing-sources", queue.RequiresDuplicateDetection);
            Assert.EndsWith("eventing-deadletters", queue.ForwardDeadLetteredMessagesTo);
            QueueProperties retries = await house.Bus.Administration.GetQueueAsync($"{lane}-retries");
            Assert.True(retries.RequiresDuplicateDetection);
            Assert.EndsWith(lane, retries.ForwardTo);
            Assert.EndsWith("eventing-deadletters", retries.ForwardDeadLetteredMessagesTo);
        }
    }

    private Task Make(string ns, string apiVersion, string kind, string name) => house.Apply(
        $"apiVersion: {apiVersion}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: "
        + (apiVersion.StartsWith("eventing", StringComparison.Ordinal)
            ? $"{{provisioner: {{apiVersion: {apiVersion}, kind: ClusterChannelProvisioner, name: in-memory}}}}"
            : "{}"),
        ns);

    private static string Path(string ns, string apiVersion, string kind, string name) =>
        $"apis/{apiVersion}/namespaces/{ns}/{kind.ToLowerInvariant()}s/{name}";

    private static string Subscribers(Resource? channel) =>
        (channel?.Spec.At("subscribers") ?? channel?.Spec.At("subscribable", "subscribers"))?.ToJsonString() ?? "";
}
