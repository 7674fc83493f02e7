// Triggers, end to end: from kubectl's object to the rule on the bus and the egress in the table.
using System.Diagnostics;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class TriggerTests(House house) : IClassFixture<House>
{
    [Fact]
    public async Task Trigger_Ready_HasItsRuleItsEgressAndItsSubscription()
    {
        var ns = await Broker();
        await Make(ns, "orders", "filter: {attributes: {type: com.order}}");
        var trigger = await house.Ready(House.Trigger(ns, "orders"));
        Assert.Equal($"http://display.{ns}.svc.cluster.local", trigger.Status.Text("subscriberUri"));
        Assert.Equal($"http://display.{ns}.svc.cluster.local", trigger.Status.Text("subscriberURI"));

        var subscription = Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"));
        Assert.EndsWith("eventing-triggers", subscription.ForwardTo);
        Assert.EndsWith("eventing-deadletters", subscription.ForwardDeadLetteredMessagesTo);
        var rule = Assert.Single(await house.Bus.Rules(subscription));
        Assert.Equal("egress", rule.Name);
        var filter = Assert.IsType<CorrelationRuleFilter>(rule.Filter);
        Assert.Equal("com.order", filter.ApplicationProperties["cloudEvents_type"]);
        var action = Assert.IsType<SqlRuleAction>(rule.Action).SqlExpression;
        Assert.StartsWith($"SET eventing_egress = '{trigger.Uid}'; SET eventing_since = ", action);

        var egress = Assert.Single((await house.Table()).Egresses, e => e.Uid == trigger.Uid);
        Assert.Equal($"{ns}.default-kn-ingress", egress.Reply!.Topic);
        Assert.Equal(10, egress.Delivery.Retry);

        var owned = Assert.Single(await Subscriptions(ns), s => s.Controller?.Uid == trigger.Uid);
        Assert.True(owned.IsReady);
        Assert.Equal(
            $"http://default-broker-filter.{ns}.svc.cluster.local/triggers/{ns}/orders/{trigger.Uid}",
            owned.Status.Text("physicalSubscription", "subscriberURI"));
    }

    [Fact]
    public async Task Trigger_FilterChanged_UpdatesTheRuleInPlace()
    {
        var ns = await Broker();
        await Make(ns, "changing", "filter: {attributes: {type: before}}");
        await house.Ready(House.Trigger(ns, "changing"));
        var before = Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"));
        var watch = Stopwatch.StartNew();
        await house.Patch(House.Trigger(ns, "changing"), """{"spec":{"filter":{"attributes":{"type":"after"}}}}""");
        await Eventually.Passes(async () =>
        {
            var rule = Assert.Single(await house.Bus.Rules(before));
            Assert.Equal("after", ((CorrelationRuleFilter)rule.Filter).ApplicationProperties["cloudEvents_type"]);
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"in force after {watch.ElapsedMilliseconds} ms");
        var trigger = await house.Ready(House.Trigger(ns, "changing"));
        Assert.Equal("after", Assert.Single((await house.Table()).Egresses, e => e.Uid == trigger.Uid)
            .Filters.Single().Attributes!["type"]);
        Assert.Equal(before.SubscriptionName,
            Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger")).SubscriptionName);
    }

    [Fact]
    public async Task Trigger_Deleted_LosesItsBusSubscriptionAndItsEgressDrains()
    {
        var ns = await Broker();
        await Make(ns, "leaving", "");
        var trigger = await house.Ready(House.Trigger(ns, "leaving"));
        await house.Delete(House.Trigger(ns, "leaving"));
        await Eventually.True(
            async () => (await house.Bus.Subscriptions($"{ns}.default-kn-trigger")).Count == 0,
            "the bus subscription is deleted");
        await Eventually.True(
            async () => (await house.Table()).Egresses.Single(e => e.Uid == trigger.Uid).State == EgressState.Draining,
            "its egress is draining");
        await Eventually.True(
            async () => !(await Subscriptions(ns)).Any(s => s.Controller?.Uid == trigger.Uid),
            "its Subscription is gone");
    }

    [Fact]
    public async Task Trigger_BeforeItsBroker_BecomesReadyWithIt()
    {
        var ns = await house.Namespace();
        await house.Service(ns, "display");
        await Make(ns, "early", "");
        await house.Condition(House.Trigger(ns, "early"), "BrokerReady", "False", "BrokerDoesNotExist");
        await house.Apply(BrokerYaml, ns);
        await house.Ready(House.Trigger(ns, "early"));
        await house.Delete(House.Broker(ns));
        await house.Condition(House.Trigger(ns, "early"), "BrokerReady", "False", "BrokerDoesNotExist");
        await house.Apply(BrokerYaml, ns);
        await house.Ready(House.Trigger(ns, "early"));
        Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"));
    }

    [Fact]
    public async Task Trigger_SubscriberMissing_SaysSoAndHealsWhenItAppears()
    {
        var ns = await Broker();
        await Make(ns, "patient", "", subscriber: "{ref: {apiVersion: v1, kind: Service, name: late}}");
        await house.Condition(House.Trigger(ns, "patient"), "SubscriberResolved", "False", "NotFound");
        Assert.Null((await house.Get(House.Trigger(ns, "patient")))!.Status.Text("subscriberUri"));
        await house.Service(ns, "late");
        await house.Ready(House.Trigger(ns, "patient"));
    }

    [Theory]
    [InlineData("filters: [{cesql: \"type = \"}]", "FilterInvalid")]
    [InlineData("filters: [{exact: {type: a}, prefix: {type: b}}]", "FilterInvalid")]
    public async Task Trigger_FilterItCannotUse_SaysSo(string filter, string reason)
    {
        var ns = await Broker();
        await Make(ns, "odd", filter);
        await house.Condition(House.Trigger(ns, "odd"), "SubscriptionReady", "False", reason);
    }

    [Fact]
    public async Task Trigger_FullFilterTree_ArrivesInTheTableAndAsSql()
    {
        var ns = await Broker();
        await Make(ns, "tree", "filters: [{any: [{exact: {type: a}}, {exact: {type: b}}]}, {prefix: {subject: x}}]");
        var trigger = await house.Ready(House.Trigger(ns, "tree"));
        var rule = Assert.Single(await house.Bus.Rules(
            Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"))));
        Assert.Equal("cloudEvents_type IN ('a', 'b') AND cloudEvents_subject LIKE 'x%'",
            Assert.IsType<SqlRuleFilter>(rule.Filter).SqlExpression);
        Assert.Equal(2, (await house.Table()).Egresses.Single(e => e.Uid == trigger.Uid).Filters.Count);
    }

    [Fact]
    public async Task Trigger_CeSql_ArrivesInTheTableAndAsARule()
    {
        var ns = await Broker();
        await Make(ns, "cesql", "filters: [{cesql: \"type IN ('a', 'b') AND INT(n) > 3\"}]");
        var trigger = await house.Ready(House.Trigger(ns, "cesql"));
        var rule = Assert.Single(await house.Bus.Rules(
            Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"))));
        Assert.Equal("cloudEvents_type IN ('a', 'b') AND EXISTS(cloudEvents_n)",
            Assert.IsType<SqlRuleFilter>(rule.Filter).SqlExpression);
        Assert.NotNull(Assert.Single((await house.Table()).Egresses.Single(e => e.Uid == trigger.Uid).Filters).CeSql);
    }

    [Fact]
    public async Task Trigger_Delivery_ItsOwnOverTheBrokers()
    {
        var ns = await Broker();
        await Make(ns, "picky",
            "delivery: {retry: 1, backoffDelay: PT3S, deadLetterSink: {uri: \"http://dead.example\"}}");
        var trigger = await house.Ready(House.Trigger(ns, "picky"));
        var egress = (await house.Table()).Egresses.Single(e => e.Uid == trigger.Uid);
        Assert.Equal(1, egress.Delivery.Retry);
        Assert.Equal(TimeSpan.FromSeconds(3), egress.Delivery.BackoffDelay);
        Assert.Equal("http://dead.example", egress.DeadLetterSink!.Uri);
        Assert.Equal("http://dead.example", trigger.Status.Text("deadLetterSinkUri"));
    }

    [Fact]
    public async Task Trigger_SubscriberIsABroker_GoesOverItsTopic()
    {
        var ns = await Broker();
        await house.Apply(BrokerYaml.Replace("default", "other", StringComparison.Ordinal), ns);
        await Make(ns, "onward", "",
            subscriber: "{ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: other}}");
        var trigger = await house.Ready(House.Trigger(ns, "onward"));
        var destination = (await house.Table()).Egresses.Single(e => e.Uid == trigger.Uid).Destination!;
        Assert.Equal($"{ns}.other-kn-ingress", destination.Topic);
        Assert.EndsWith($"/{ns}/other", destination.Uri);
    }

    [Fact]
    public async Task Trigger_OfOldVersion_UsesTheDefaultBrokerAndOldFilter()
    {
        var ns = await Broker();
        await house.Apply(
            """
            apiVersion: eventing.knative.dev/v1alpha1
            kind: Trigger
            metadata: {name: old}
            spec:
              filter: {sourceAndType: {type: com.old, source: ""}}
              subscriber: {ref: {apiVersion: v1, kind: Service, name: display}}
            """,
            ns);
        await house.Ready(House.Trigger(ns, "old"));
        var rule = Assert.Single(await house.Bus.Rules(
            Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"))));
        Assert.Equal("com.old", ((CorrelationRuleFilter)rule.Filter).ApplicationProperties["cloudEvents_type"]);
    }

    [Fact]
    public async Task Trigger_WithABrokenSubscriber_DoesNotStopAnother()
    {
        var ns = await Broker();
        await Make(ns, "bad", "", subscriber: "{uri: \"not an address\"}");
        await Make(ns, "good", "");
        await house.Ready(House.Trigger(ns, "good"));
        await house.Condition(House.Trigger(ns, "bad"), "SubscriberResolved", "False", "Invalid");
    }

    private const string BrokerYaml =
        "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: default}\nspec: {}";

    private async Task<string> Broker()
    {
        var ns = await house.Namespace();
        await house.Service(ns, "display");
        await house.Apply(BrokerYaml, ns);
        await house.Ready(House.Broker(ns));
        return ns;
    }

    private Task Make(
        string ns,
        string name,
        string more,
        string subscriber = "{ref: {apiVersion: v1, kind: Service, name: display}}") => house.Apply(
        $"""
        apiVersion: eventing.knative.dev/v1
        kind: Trigger
        metadata: {"{"}name: {name}{"}"}
        spec:
          broker: default
          subscriber: {subscriber}
          {more}
        """,
        ns);

    private Task<IReadOnlyList<Resource>> Subscriptions(string ns) =>
        house.List($"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/subscriptions");
}
