// Objects come, change and go at random while operator, API server and bus restart: what is left must be what they ask.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class ChaosTests(RestlessHouse restless, ITestOutputHelper output) : IClassFixture<RestlessHouse>
{
    private static readonly int Steps = LongRun.Asked ? 500 : 50;
    private static readonly TimeSpan SettlesWithin = TimeSpan.FromSeconds(90);

    private House House => restless.House;

    [Fact]
    public async Task Objects_ChangedAtRandomUnderRestarts_LeaveExactlyWhatTheyAskFor()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("EVENTING_SEED"), out var asked)
            ? asked
            : Environment.TickCount;
        output.WriteLine($"EVENTING_SEED={seed}");
        var random = new Random(seed);
        var ns = await House.Namespace();
        await House.Bus.Administration.CreateTopicAsync(
            new CreateTopicOptions($"{ns}.foreign") { UserMetadata = "theirs" });
        for (var step = 0; step < Steps; step++)
        {
            if (step % 10 == 5)
            {
                await RestartAsync(step / 10 % 3);
            }

            await StepAsync(random, ns);
        }

        await Eventually.Passes(() => IsAsAskedAsync(ns), SettlesWithin);
        TopicProperties foreign = await House.Bus.Administration.GetTopicAsync($"{ns}.foreign");
        Assert.Equal("theirs", foreign.UserMetadata);
        foreach (var kind in new[] { "eventing.knative.dev/v1alpha1", "messaging.knative.dev/v1" })
        {
            Assert.DoesNotContain(
                await House.List($"apis/{kind}/namespaces/{ns}/subscriptions"), item => item.IsDeleting);
        }
    }

    // Each in turn, the others going on.
    private Task RestartAsync(int which) => which switch
    {
        0 => restless.Restart(),
        1 => House.RestartApi(),
        _ => House.Bus.RestartAsync(),
    };

    private Task StepAsync(Random random, string ns)
    {
        var broker = $"b{random.Next(3)}";
        var trigger = $"t{random.Next(8)}";
        var channel = $"c{random.Next(3)}";
        return random.Next(8) switch
        {
            0 => House.Delete(House.Broker(ns, broker)),
            1 or 2 => House.Apply(
                $"apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {{name: {broker}}}\nspec: {{}}", ns),
            3 => House.Delete(House.Trigger(ns, trigger)),
            4 => House.Delete($"apis/messaging.knative.dev/v1/namespaces/{ns}/servicebuschannels/{channel}"),
            5 => House.Apply(
                "apiVersion: messaging.knative.dev/v1\nkind: ServiceBusChannel\n"
                + $"metadata: {{name: {channel}}}\nspec: {{}}",
                ns),
            // One Broker for each name, for a Trigger's Broker cannot be changed.
            _ => House.Apply(
                $$"""
                apiVersion: eventing.knative.dev/v1
                kind: Trigger
                metadata:
                  name: {{trigger}}
                  annotations: {eventing.azure.dev/dispatch: {{(random.Next(4) == 0 ? "dedicated" : "shared")}} }
                spec:
                  broker: b{{trigger[1] % 3}}
                  filter: {attributes: {type: "com.{{random.Next(5)}}" } }
                  subscriber: {uri: "http://{{random.Next(5)}}.example/"}
                """,
                ns),
        };
    }

    // Bus and table against the objects as they are now.
    private async Task IsAsAskedAsync(string ns)
    {
        var brokers = await NamesAsync($"apis/eventing.knative.dev/v1/namespaces/{ns}/brokers");
        var channels = await NamesAsync($"apis/messaging.knative.dev/v1/namespaces/{ns}/servicebuschannels");
        var all = await House.List($"apis/eventing.knative.dev/v1/namespaces/{ns}/triggers");
        var triggers = all
            .Where(trigger => brokers.Contains(trigger.Spec.Text("broker")!)).ToList();
        Assert.All(triggers, trigger => Assert.True(trigger.IsReady, trigger.Status?.ToJsonString()));

        var topics = brokers.SelectMany(broker => new[] { $"{ns}.{broker}-kn-trigger", $"{ns}.{broker}-kn-ingress" })
            .Concat(channels.Select(channel => $"{ns}.{channel}")).Append($"{ns}.foreign").Order();
        var there = new List<string>();
        await foreach (var topic in House.Bus.Administration.GetTopicsAsync())
        {
            there.Add(topic.Name);
        }

        Assert.Equal(topics, there.Where(name => name.StartsWith(ns + ".", StringComparison.Ordinal)).Order());
        foreach (var broker in brokers)
        {
            var wanted = triggers.Where(trigger => trigger.Spec.Text("broker") == broker).Select(EntityOf).Order();
            var present = await House.Bus.Subscriptions($"{ns}.{broker}-kn-trigger");
            Assert.Equal(wanted, present.Select(subscription => subscription.SubscriptionName).Order());
        }

        var table = await House.Table();
        var active = table.Egresses.Where(egress => egress.Namespace == ns && egress.State == EgressState.Active)
            .ToDictionary(egress => egress.Uid);
        Assert.All(triggers, trigger => Assert.Equal(IsDedicated(trigger), active[trigger.Uid].Dedicated is not null));

        // A Trigger whose Broker is gone keeps what was in force: its retries queue with what waits there, and the
        // egress that serves it. No queue is without such an egress; and of the Triggers with a Broker none lacks one.
        var parted = all.Except(triggers).ToList();
        var served = active.Values.Where(egress => egress.Dedicated is not null)
            .Select(egress => EntityNames.Retries(egress.Lane)).ToList();
        var retries = triggers.Where(IsDedicated).Select(trigger => RetriesOf(ns, trigger)).ToList();
        var queues = new List<string>();
        await foreach (var queue in House.Bus.Administration.GetQueuesAsync())
        {
            queues.Add(queue.Name);
        }

        queues.RemoveAll(name => !name.StartsWith($"eventing-dedicated.{ns}.", StringComparison.Ordinal));
        Assert.Empty(retries.Except(queues));
        Assert.Empty(queues.Except(served));
        Assert.Empty(queues.Except(retries).Except(parted.Select(trigger => RetriesOf(ns, trigger))));
        Assert.Empty(active.Keys.Except(triggers.Select(trigger => trigger.Uid))
            .Except(parted.SelectMany(trigger => new[] { trigger.Uid, DispatchNames.OldEgress(trigger.Uid) })));
        Assert.Equal(
            brokers.Order(),
            table.Ingresses.Where(ingress => ingress.Namespace == ns && ingress.Kind == IngressKind.Broker)
                .Select(ingress => ingress.Name).Order());
    }

    private async Task<List<string>> NamesAsync(string path) =>
        [.. (await House.List(path)).Select(item => item.Name)];

    private static bool IsDedicated(Resource trigger) =>
        trigger.Annotation("eventing.azure.dev/dispatch") == "dedicated";

    private static string RetriesOf(string ns, Resource trigger) =>
        EntityNames.Retries(EntityNames.DedicatedLane(ns, trigger.Name, trigger.Uid));

    private static string EntityOf(Resource trigger) => IsDedicated(trigger)
        ? EntityNames.DedicatedSubscription(trigger.Name, trigger.Uid)
        : EntityNames.BusSubscription(trigger.Name, trigger.Uid);
}
