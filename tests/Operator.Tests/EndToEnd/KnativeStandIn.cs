// Knative's controllers as far as a neighbour sees them: they make their own kinds Ready and subscribe to any Channel.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>
/// Goes over one namespace again and again, as a controller does: Brokers of class <c>MTChannelBasedBroker</c>, their
/// Triggers, InMemoryChannels and Subscriptions. Subscribers of a ServiceBusChannel go into its
/// <c>spec.subscribers</c>, Knative's contract for Channels of other projects.
/// </summary>
internal sealed class KnativeStandIn(House house, string ns)
{
    private const string Eventing = "apis/eventing.knative.dev/v1";
    private const string Messaging = "apis/messaging.knative.dev/v1";
    private const string Ready = """{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""";

    /// <summary>Works until everything in the namespace that is Knative's is Ready.</summary>
    public Task WorkAsync() => Eventually.Passes(async () =>
    {
        var brokers = (await house.List($"{Eventing}/namespaces/{ns}/brokers")).Where(IsTheirs).ToList();
        await MakeReadyAsync(Eventing, "brokers", brokers);
        await MakeReadyAsync(Eventing, "triggers", (await house.List($"{Eventing}/namespaces/{ns}/triggers"))
            .Where(trigger => brokers.Any(broker => broker.Name == trigger.Spec.Text("broker"))));
        await MakeReadyAsync(
            Messaging, "inmemorychannels", await house.List($"{Messaging}/namespaces/{ns}/inmemorychannels"));
        foreach (var subscription in await house.List($"{Messaging}/namespaces/{ns}/subscriptions"))
        {
            await SubscribeAsync(subscription);
        }
    });

    public static bool IsTheirs(Resource broker) =>
        broker.Annotation("eventing.knative.dev/broker.class") != "AzureServiceBus";

    private async Task MakeReadyAsync(string group, string plural, IEnumerable<Resource> objects)
    {
        foreach (var item in objects.Where(item => !item.IsReady))
        {
            await house.Patch($"{group}/namespaces/{ns}/{plural}/{item.Name}/status", Ready);
        }
    }

    private async Task SubscribeAsync(Resource subscription)
    {
        if (subscription.Spec.Text("channel", "kind") == "ServiceBusChannel")
        {
            var path = $"{Messaging}/namespaces/{ns}/servicebuschannels/{subscription.Spec.Text("channel", "name")}";
            var channel = await house.Get(path);
            Assert.True(channel is { IsReady: true }, $"{path} is not ready");
            if (!channel!.Spec.Items("subscribers").Any(entry => entry.Text("uid") == subscription.Uid))
            {
                var entry = new JsonObject
                {
                    ["uid"] = subscription.Uid,
                    ["generation"] = subscription.Generation,
                    ["name"] = subscription.Name,
                    ["subscriberUri"] = subscription.Spec.Text("subscriber", "uri"),
                };
                await house.Patch(path, new JsonObject
                {
                    ["spec"] = new JsonObject { ["subscribers"] = new JsonArray(entry) },
                }.ToJsonString());
            }

            // Ready when the Channel's own controller says so of this subscriber.
            Assert.Contains(channel.Status.Items("subscribers"), told =>
                told.Text("uid") == subscription.Uid && told.Text("ready") == "True");
        }

        await MakeReadyAsync(Messaging, "subscriptions", [subscription]);
    }
}
