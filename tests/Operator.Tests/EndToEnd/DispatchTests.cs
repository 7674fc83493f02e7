// Dedicated dispatch, end to end: entities, deployments, order, and moving there and back without losing an event.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class DispatchTests(House house) : IClassFixture<House>
{
    private const string Dedicated = "eventing.azure.dev/dispatch: dedicated";
    private const string Ordered = "eventing.azure.dev/delivery-order: ordered";

    [Fact]
    public async Task Trigger_Dedicated_HasAPathOfItsOwn()
    {
        var ns = await Broker();
        await Make(ns, "own", Dedicated);
        var trigger = await house.Ready(House.Trigger(ns, "own"));
        var bus = Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"));
        Assert.Equal(EntityNames.DedicatedSubscription("own", trigger.Uid), bus.SubscriptionName);
        Assert.True(string.IsNullOrEmpty(bus.ForwardTo));
        Assert.False(bus.RequiresSession);
        Assert.Null(Assert.Single(await house.Bus.Rules(bus)).Action);

        var egress = Assert.Single((await house.Table()).Egresses, e => e.Uid == trigger.Uid);
        Assert.Equal($"{ns}/own-trigger-filter", egress.Dedicated!.Group);
        Assert.Equal((bus.TopicName, bus.SubscriptionName), (egress.Dedicated.Topic, egress.Dedicated.Subscription));
        QueueProperties retries = await house.Bus.Administration.GetQueueAsync(EntityNames.Retries(egress.Lane));
        Assert.True(string.IsNullOrEmpty(retries.ForwardTo));
        Assert.True(retries.RequiresDuplicateDetection);

        var deployment = await house.Get($"apis/apps/v1/namespaces/{ns}/deployments/own-trigger-filter");
        Assert.Equal("own", deployment!.Label("eventing.knative.dev/trigger"));
        Assert.Equal($"{ns}/own-trigger-filter", Setting(deployment, "EVENTING_DISPATCH_GROUP"));

        await house.Delete(House.Trigger(ns, "own"));
        await Eventually.True(
            async () => !await house.Bus.Administration.QueueExistsAsync(EntityNames.Retries(egress.Lane))
                && (await house.Bus.Subscriptions($"{ns}.default-kn-trigger")).Count == 0
                && await house.Get($"apis/apps/v1/namespaces/{ns}/deployments/own-trigger-filter") is null,
            "nothing of it is left");
    }

    [Fact]
    public async Task Trigger_WhoseBrokerIsGone_KeepsWhatWaitsForIt()
    {
        var ns = await Broker();
        await Make(ns, "own", Dedicated);
        var trigger = await house.Ready(House.Trigger(ns, "own"));
        var egress = Assert.Single((await house.Table()).Egresses, e => e.Uid == trigger.Uid);
        var retries = EntityNames.Retries(egress.Lane);
        await using var client = new ServiceBusClient(house.Bus.Connection);
        await using (var sender = client.CreateSender(retries))
        {
            await sender.SendMessageAsync(new ServiceBusMessage("waits"));
        }

        await house.Delete(House.Broker(ns));
        await house.Condition(House.Trigger(ns, "own"), "BrokerReady", "False", "BrokerDoesNotExist");
        await Eventually.True(
            async () => !await house.Bus.Administration.TopicExistsAsync($"{ns}.default-kn-trigger"),
            "the Broker's topic is gone");
        Assert.Equal(1, await WaitingAsync(retries));
        Assert.Equal(EgressState.Active, (await house.Table()).Egresses.Single(e => e.Uid == trigger.Uid).State);

        await house.Apply("apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: default}\nspec: {}", ns);
        await house.Ready(House.Trigger(ns, "own"));
        Assert.Equal(1, await WaitingAsync(retries));

        await house.Delete(House.Broker(ns));
        await house.Delete(House.Trigger(ns, "own"));
        await Eventually.True(
            async () => !await house.Bus.Administration.QueueExistsAsync(retries)
                && (await house.Table()).Egresses.Single(e => e.Uid == trigger.Uid).State == EgressState.Draining,
            "with the Trigger its queue goes, Broker or not");
    }

    [Fact]
    public async Task Trigger_Ordered_ReadsSessionsAndCannotBeChanged()
    {
        var ns = await Broker();
        await Make(ns, "row", Ordered);
        var trigger = await house.Ready(House.Trigger(ns, "row"));
        var bus = Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger"));
        Assert.True(bus.RequiresSession);
        var egress = Assert.Single((await house.Table()).Egresses, e => e.Uid == trigger.Uid);
        Assert.True(egress.Dedicated!.Ordered);
        Assert.False(await house.Bus.Administration.QueueExistsAsync(EntityNames.Retries(egress.Lane)));

        await Annotate(ns, "row", "eventing.azure.dev/delivery-order", "unordered");
        await house.Condition(House.Trigger(ns, "row"), "SubscriptionReady", "False", "Immutable");
        Assert.True(Assert.Single(await house.Bus.Subscriptions($"{ns}.default-kn-trigger")).RequiresSession);
        await Annotate(ns, "row", "eventing.azure.dev/delivery-order", "ordered");
        await house.Ready(House.Trigger(ns, "row"));
    }

    [Theory]
    [InlineData("eventing.azure.dev/dispatch: mine", "eventing.azure.dev/dispatch")]
    [InlineData("eventing.azure.dev/delivery-order: sorted", "eventing.azure.dev/delivery-order")]
    [InlineData("eventing.azure.dev/dispatch: shared, " + Ordered, "shared")]
    [InlineData("eventing.azure.dev/parallelism: many", "eventing.azure.dev/parallelism")]
    public async Task Trigger_DispatchMisspelt_SaysWhatIsAllowed(string annotations, string named)
    {
        var ns = await Broker();
        await Make(ns, "odd", annotations);
        await house.Condition(House.Trigger(ns, "odd"), "SubscriptionReady", "False", "DispatchInvalid");
        Assert.Contains(named, (await house.Get(House.Trigger(ns, "odd")))!
            .Condition("SubscriptionReady").Text("message"));
    }

    [Fact]
    public async Task Trigger_Parallelism_IsInItsEgress()
    {
        var ns = await Broker();
        await Make(ns, "two", "eventing.azure.dev/parallelism: '2'");
        var trigger = await house.Ready(House.Trigger(ns, "two"));
        Assert.Equal(2, Assert.Single((await house.Table()).Egresses, e => e.Uid == trigger.Uid).Parallelism);
    }

    [Fact]
    public async Task Namespace_Dedicated_GivesItsBrokerDeploymentsAsInV07()
    {
        var ns = await Broker();
        await house.Patch(
            $"api/v1/namespaces/{ns}", """{"metadata":{"annotations":{"eventing.azure.dev/dispatch":"dedicated"}}}""");
        await Make(ns, "one", null);
        var trigger = await house.Ready(House.Trigger(ns, "one"));
        await house.Ready(House.Broker(ns));
        foreach (var role in new[] { "filter", "ingress" })
        {
            var deployment = await house.Get($"apis/apps/v1/namespaces/{ns}/deployments/default-broker-{role}");
            Assert.NotNull(deployment);
            Assert.Equal("default", deployment.Label("eventing.knative.dev/broker"));
            Assert.Equal(role, deployment.Label("eventing.knative.dev/brokerRole"));
            Assert.Equal("default", Setting(deployment, "BROKER"));
            Assert.Equal($"default-kn-trigger-kn-channel.{ns}.svc.cluster.local", Setting(deployment, "CHANNEL"));
            Assert.Equal($"default-broker-filter.{ns}.svc.cluster.local", Setting(deployment, "FILTER"));
            Assert.Equal("pump", Setting(deployment, "EVENTING_DOOR"));
            Assert.Equal($"{ns}/default-broker-{role}", Setting(deployment, "EVENTING_DISPATCH_GROUP"));
        }

        await Eventually.Passes(async () =>
        {
            var service = await house.Get($"api/v1/namespaces/{ns}/services/default-broker");
            Assert.Equal("ClusterIP", service!.Spec.Text("type"));
            Assert.Equal("ingress", service.Spec.Text("selector", "eventing.knative.dev/brokerRole"));
        });
        Assert.Equal(
            $"{ns}/default-broker-filter",
            (await house.Table()).Egresses.Single(e => e.Uid == trigger.Uid).Dedicated!.Group);

        await house.Patch(
            $"api/v1/namespaces/{ns}", """{"metadata":{"annotations":{"eventing.azure.dev/dispatch":null}}}""");
        await Eventually.True(
            async () => await house.Get($"apis/apps/v1/namespaces/{ns}/deployments/default-broker-filter") is null
                && (await house.Get($"api/v1/namespaces/{ns}/services/default-broker"))!.Spec.Text("type")
                    == "ExternalName",
            "the Broker is shared again");
        await house.Ready(House.Broker(ns));
    }

    [Fact]
    public async Task Trigger_MovedThereAndBack_KeepsTheOldPathUntilItIsEmpty()
    {
        var ns = await Broker();
        await Make(ns, "moves", null);
        var uid = (await house.Ready(House.Trigger(ns, "moves"))).Uid;
        await Annotate(ns, "moves", "eventing.azure.dev/dispatch", "dedicated");
        await Eventually.True(
            async () => (await house.Bus.Subscriptions($"{ns}.default-kn-trigger")) is [{ ForwardTo: null or "" }],
            "only the dedicated path is left");
        await Eventually.True(
            async () => (await house.Table()).Egresses
                .Where(e => e.Uid.StartsWith(uid, StringComparison.Ordinal)).ToList() is [{ Dedicated: not null }],
            "the shared path is forgotten");
        var own = (await house.Table()).Egresses.Single(e => e.Uid == uid);

        await using var bus = new ServiceBusClient(house.Bus.Connection);
        var retries = EntityNames.Retries(own.Lane);
        await bus.CreateSender($"{ns}.default-kn-trigger").SendMessageAsync(new ServiceBusMessage("waits"));
        await bus.CreateSender(retries).ScheduleMessageAsync(
            new ServiceBusMessage("is tried later"), TimeProvider.System.GetUtcNow().AddHours(1));

        await Annotate(ns, "moves", "eventing.azure.dev/dispatch", "shared");
        await house.Ready(House.Trigger(ns, "moves"));
        await Eventually.True(
            async () => (await house.Table()).Egresses.Any(e => e.Uid == uid + "-old" && e.Dedicated is not null),
            "the dedicated path is still served");
        Assert.Null((await house.Table()).Egresses.Single(e => e.Uid == uid).Dedicated);
        Assert.True(await house.Bus.Administration.QueueExistsAsync(retries));

        await using var events = bus.CreateReceiver(own.Dedicated!.Topic, own.Dedicated.Subscription);
        await events.CompleteMessageAsync((await events.ReceiveMessageAsync(TimeSpan.FromSeconds(20)))!);
        await using var later = bus.CreateReceiver(retries);
        var scheduled = (await later.PeekMessageAsync())!;
        Assert.True(await house.Bus.Administration.QueueExistsAsync(retries), "a scheduled try keeps the path");
        await bus.CreateSender(retries).CancelScheduledMessageAsync(scheduled.SequenceNumber);
        await Eventually.True(
            async () => !await house.Bus.Administration.QueueExistsAsync(retries)
                && (await house.Bus.Subscriptions($"{ns}.default-kn-trigger")).Count == 1
                && (await house.Table()).Egresses.All(e => e.Uid != uid + "-old"),
            "the old path is gone");
    }

    [Fact]
    public async Task Dispatcher_WithKeda_HasAScaledObjectSizedByAnnotations()
    {
        await house.Apply(await File.ReadAllTextAsync(Path.Combine(
            House.Root(), "tests", "Local.Kubernetes.Tests", "Conformance", "keda-crds",
            "keda.sh_scaledobjects.yaml")));
        var ns = await Broker();
        await Make(ns, "sized", $"{Dedicated}, eventing.azure.dev/max-replicas: \"3\"");
        await house.Ready(House.Trigger(ns, "sized"));
        var path = $"apis/keda.sh/v1alpha1/namespaces/{ns}/scaledobjects/sized-trigger-filter";
        // The operator looks for KEDA every so often; a change of the Trigger makes it look at the Trigger at once.
        await Eventually.True(
            async () =>
            {
                await Annotate(ns, "sized", "touched", Guid.NewGuid().ToString("N"));
                return await house.Get(path) is not null;
            },
            "the ScaledObject is there");
        var scaled = await house.Get(path);
        Assert.Equal(0, scaled!.Spec.Number("minReplicaCount"));
        Assert.Equal(3, scaled.Spec.Number("maxReplicaCount"));
        Assert.Equal("sized-trigger-filter", scaled.Spec.Text("scaleTargetRef", "name"));
        var triggers = scaled.Spec.Items("triggers").ToList();
        Assert.Equal(2, triggers.Count);
        Assert.All(triggers, item => Assert.Equal("azure-servicebus", item.Text("type")));
        Assert.Equal($"{ns}.default-kn-trigger", triggers[0].Text("metadata", "topicName"));
        Assert.Equal("100", triggers[1].Text("metadata", "messageCount"));
    }

    private async Task<long> WaitingAsync(string queue) =>
        (await house.Bus.Administration.GetQueueRuntimePropertiesAsync(queue)).ActiveMessageCount;

    private async Task<string> Broker()
    {
        var ns = await house.Namespace();
        await house.Apply(
            "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: default}\nspec: {}", ns);
        await house.Ready(House.Broker(ns));
        return ns;
    }

    private Task Make(string ns, string name, string? annotations) => house.Apply(
        $$"""
        apiVersion: eventing.knative.dev/v1
        kind: Trigger
        metadata: {name: {{name}}, annotations: { {{annotations}} } }
        spec: {broker: default, subscriber: {uri: "http://example.com/"} }
        """,
        ns);

    private Task Annotate(string ns, string name, string annotation, string value) => house.Patch(
        House.Trigger(ns, name),
        new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [annotation] = value } },
        }.ToJsonString());

    private static string? Setting(Resource deployment, string name) => deployment.Spec
        .At("template", "spec").Items("containers").Single().Items("env")
        .FirstOrDefault(item => item.Text("name") == name).Text("value");
}
