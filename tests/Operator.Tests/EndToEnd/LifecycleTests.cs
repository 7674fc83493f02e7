// What must never stick, never be left over, and never be touched: finalizers, orphans, drift, other people's entities.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class LifecycleTests(RestlessHouse restless) : IClassFixture<RestlessHouse>
{
    private House House => restless.House;

    private ServiceBusAdministrationClient Bus => House.Bus.Administration;

    [Fact]
    public async Task Topic_DeletedOnTheBus_IsMadeAgainAndAnEventSaysSo()
    {
        var ns = await Channel();
        await Subscribe(ns);
        await Bus.DeleteTopicAsync($"{ns}.pipe");
        await Eventually.True(
            async () => await Bus.TopicExistsAsync($"{ns}.pipe")
                && (await House.Bus.Subscriptions($"{ns}.pipe")).Count == 1,
            "topic and bus subscription are back");
        await EventSays(ns, "pipe", "DriftRepaired", $"{ns}.pipe");
    }

    [Fact]
    public async Task BusSubscription_EditedByHand_IsPutRightAndAnEventSaysSo()
    {
        var ns = await Channel();
        await Subscribe(ns);
        var bus = Assert.Single(await House.Bus.Subscriptions($"{ns}.pipe"));
        var rule = Assert.Single(await House.Bus.Rules(bus));
        rule.Filter = new SqlRuleFilter("1=0");
        await Bus.UpdateRuleAsync(bus.TopicName, bus.SubscriptionName, rule);
        await Eventually.True(
            async () => (await House.Bus.Rules(bus)).Single().Filter is TrueRuleFilter, "the rule is right again");
        await EventSays(ns, "flow", "DriftRepaired", "another rule");

        bus.ForwardTo = EntityNames.TriggersLane;
        await Bus.UpdateSubscriptionAsync(bus);
        await Eventually.True(
            async () => (await House.Bus.Subscriptions($"{ns}.pipe")).Single().ForwardTo!
                .EndsWith(EntityNames.SubscriptionsLane, StringComparison.Ordinal),
            "it forwards where it should");
    }

    [Fact]
    public async Task Channel_DeletedWhileTheBusIsAway_GoesAndItsTopicFollowsWhenTheBusIsBack()
    {
        var ns = await Channel();
        await House.Restart(options => RestlessHouse.Hurried(options) with
        {
            ServiceBusManagementConnection = House.Bus.ManagementConnection.Replace(
                new Uri(House.Bus.ManagementConnection.Split("Endpoint=")[1].Split(';')[0]).Port.ToString(),
                FreePort.Next().ToString(),
                StringComparison.Ordinal),
        });
        await House.Delete(Path(ns));
        await Eventually.True(async () => await House.Get(Path(ns)) is null, "the Channel is gone without the bus");
        Assert.True(await Bus.TopicExistsAsync($"{ns}.pipe"));
        await restless.Restart();
        await Eventually.True(async () => !await Bus.TopicExistsAsync($"{ns}.pipe"), "the sweep took the topic");
    }

    [Fact]
    public async Task Broker_MadeAgainWhileNoOperatorRan_HasNoIngressOfTheFormer()
    {
        const string Yaml = "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: again}\nspec: {}";
        var ns = await House.Namespace();
        await House.Apply(Yaml, ns);
        var former = await House.Ready(House.Broker(ns, "again"));
        await House.Operator.DisposeAsync();

        // With its Channels going, too, their deletion would close it.
        await House.Delete($"{House.Broker(ns, "again")}?propagationPolicy=Orphan");
        await Eventually.True(async () => await House.Get(House.Broker(ns, "again")) is null, "it is gone");
        await House.Apply(Yaml, ns);
        await restless.Restart();
        await Eventually.True(
            async () => (await House.Table()).Ingresses.All(ingress => ingress.Uid != former.Uid),
            "the former Broker's ingress is closed");
    }

    [Fact]
    public async Task Subscription_WhoseTopicIsGone_IsDeletedAllTheSame()
    {
        var ns = await Channel();
        await Subscribe(ns);
        await House.Delete(Path(ns));
        await Eventually.True(async () => await House.Get(Path(ns)) is null, "the Channel is gone");
        var path = $"apis/messaging.knative.dev/v1/namespaces/{ns}/subscriptions/flow";
        await House.Delete(path);
        await Eventually.True(async () => await House.Get(path) is null, "the Subscription is gone");
    }

    [Fact]
    public async Task Channel_WithANameTheBusDoesNotTake_SaysSoAndIsDeleted()
    {
        var ns = new string('n', 60);
        await House.Apply($"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {ns}}}");
        var name = new string('c', 240);
        await House.Apply(
            $"apiVersion: messaging.knative.dev/v1\nkind: ServiceBusChannel\nmetadata: {{name: {name}}}\nspec: {{}}",
            ns);
        var path = $"apis/messaging.knative.dev/v1/namespaces/{ns}/servicebuschannels/{name}";
        await House.Condition(path, "TopicReady", "False", "NameTooLong");
        await House.Delete(path);
        await Eventually.True(async () => await House.Get(path) is null, "it is gone");
    }

    [Fact]
    public async Task Channel_Detached_LeavesItsTopicForTheNextOfItsName()
    {
        var ns = await Channel("eventing.azure.dev/deletion-policy: Detach");
        TopicProperties before = await Bus.GetTopicAsync($"{ns}.pipe");
        await House.Delete(Path(ns));
        await Eventually.True(async () => await House.Get(Path(ns)) is null, "the Channel is gone");
        await Eventually.Passes(async () =>
        {
            TopicProperties left = await Bus.GetTopicAsync($"{ns}.pipe");
            Assert.Contains("detached", left.UserMetadata);
        });
        await Make(ns, null);
        await House.Ready(Path(ns));
        TopicProperties after = await Bus.GetTopicAsync($"{ns}.pipe");
        Assert.NotEqual(before.UserMetadata, after.UserMetadata);
        Assert.DoesNotContain("detached", after.UserMetadata);
    }

    [Fact]
    public async Task Channel_DeletedAfterTheOperatorWasRemoved_IsLetGoByDetach()
    {
        var ns = await Channel();
        await House.Operator.DisposeAsync();
        await House.Delete(Path(ns));
        Assert.True((await House.Get(Path(ns)))!.IsDeleting);
        var told = new List<string>();
        await Detachment.RunAsync(House.Options.KubeconfigPath, told.Add, default);
        Assert.Contains($"ServiceBusChannel {ns}/pipe", told);
        Assert.Null(await House.Get(Path(ns)));
        Assert.True(await Bus.TopicExistsAsync($"{ns}.pipe"));
        await restless.Restart();
    }

    [Fact]
    public async Task Trigger_DeletedWithEventsWaiting_SaysHowMany()
    {
        var ns = await House.Namespace("eventing.knative.dev/injection: enabled");
        await House.Ready(House.Broker(ns));
        await House.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: own, annotations: {eventing.azure.dev/dispatch: dedicated} }
            spec: {broker: default, subscriber: {uri: "http://example.com/"} }
            """,
            ns);
        await House.Ready(House.Trigger(ns, "own"));
        await using var bus = new ServiceBusClient(House.Bus.Connection);
        await bus.CreateSender($"{ns}.default-kn-trigger").SendMessageAsync(new ServiceBusMessage("waits"));
        var subscription = (await House.List($"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/subscriptions"))
            .Single(item => item.Name.StartsWith("default-own", StringComparison.Ordinal));
        await House.Delete(House.Trigger(ns, "own"));
        await EventSays(ns, subscription.Name, "BacklogDiscarded", "1 events were still waiting");
    }

    [Fact]
    public async Task Sweep_OfTheBus_TakesOrphansAndNothingElse()
    {
        var ns = await Channel();
        await Bus.CreateTopicAsync(new CreateTopicOptions($"{ns}.theirs") { UserMetadata = "not ours" });
        TopicProperties ours = await Bus.GetTopicAsync($"{ns}.pipe");
        await Bus.CreateTopicAsync(new CreateTopicOptions($"{ns}.orphan")
        {
            UserMetadata = ours.UserMetadata.Replace("\"pipe\"", "\"orphan\"", StringComparison.Ordinal),
        });
        await Bus.CreateTopicAsync(new CreateTopicOptions($"{ns}.neighbour")
        {
            UserMetadata = ours.UserMetadata
                .Replace("\"installation\":\"", "\"installation\":\"x", StringComparison.Ordinal)
                .Replace("\"pipe\"", "\"neighbour\"", StringComparison.Ordinal),
        });
        await Eventually.True(async () => !await Bus.TopicExistsAsync($"{ns}.orphan"), "the orphan is gone");
        foreach (var left in new[] { "pipe", "theirs", "neighbour" })
        {
            Assert.True(await Bus.TopicExistsAsync($"{ns}.{left}"), left);
        }
    }

    private async Task<string> Channel(string? annotations = null)
    {
        var ns = await House.Namespace();
        await Make(ns, annotations);
        await House.Ready(Path(ns));
        return ns;
    }

    private Task Make(string ns, string? annotations) => House.Apply(
        $$"""
        apiVersion: messaging.knative.dev/v1
        kind: ServiceBusChannel
        metadata: {name: pipe, annotations: { {{annotations}} } }
        spec: {}
        """,
        ns);

    private async Task Subscribe(string ns)
    {
        await House.Apply(
            """
            apiVersion: messaging.knative.dev/v1
            kind: Subscription
            metadata: {name: flow}
            spec:
              channel: {apiVersion: messaging.knative.dev/v1, kind: ServiceBusChannel, name: pipe}
              subscriber: {uri: "http://example.com/"}
            """,
            ns);
        await House.Ready($"apis/messaging.knative.dev/v1/namespaces/{ns}/subscriptions/flow");
    }

    private static string Path(string ns) =>
        $"apis/messaging.knative.dev/v1/namespaces/{ns}/servicebuschannels/pipe";

    private Task EventSays(string ns, string about, string reason, string part) => Eventually.Passes(async () =>
    {
        var events = (await House.List($"api/v1/namespaces/{ns}/events"))
            .Where(item => item.Json.Text("involvedObject", "name") == about).ToList();
        Assert.Contains(events, item => item.Json.Text("reason") == reason
            && item.Json.Text("message")!.Contains(part, StringComparison.Ordinal));
    });
}
