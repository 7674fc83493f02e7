// A kind that the API server does not serve for a while: its objects are not gone.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class NotServedTests(RestlessHouse restless) : IClassFixture<RestlessHouse>
{
    private House House => restless.House;

    [Fact]
    public async Task Kinds_NotServedForAWhile_LoseNothing()
    {
        var ns = await House.Namespace("eventing.knative.dev/injection: enabled");
        await House.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: one}
            spec: {broker: default, subscriber: {uri: "http://sub.example/"} }
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
        await House.Ready(House.Trigger(ns, "one"));
        await House.Ready($"apis/messaging.knative.dev/v1/namespaces/{ns}/subscriptions/flow");
        var before = await EntitiesAsync(ns);

        string[] kinds =
        [
            "triggers.eventing.knative.dev", "servicebuschannels.messaging.knative.dev",
            "subscriptions.messaging.knative.dev",
        ];
        foreach (var kind in kinds)
        {
            await ServeAsync(kind, false);
        }

        Assert.Null(await House.Get(House.Trigger(ns, "one")));
        // An operator that starts in the middle of it knows the objects from the table alone.
        await restless.Restart();
        await SweptAsync(ns);
        Assert.Equal(before, await EntitiesAsync(ns));
        var table = await House.Table();
        Assert.All(
            table.Egresses.Where(egress => egress.Namespace == ns),
            egress => Assert.Equal(EgressState.Active, egress.State));
        Assert.Contains(table.Ingresses, ingress => ingress.Namespace == ns && ingress.Name == "pipe");

        foreach (var kind in kinds)
        {
            await ServeAsync(kind, true);
        }

        await House.Ready(House.Trigger(ns, "one"));
        await House.Delete(House.Trigger(ns, "one"));
        await Eventually.True(
            async () => (await House.Bus.Subscriptions($"{ns}.default-kn-trigger")).Count == 0,
            "a Trigger deleted afterwards is gone from the bus");
    }

    private async Task ServeAsync(string kind, bool served)
    {
        var path = $"apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind}";
        var versions = (JsonArray)(await House.Get(path))!.Spec.At("versions")!.DeepClone();
        foreach (var version in versions)
        {
            version!["served"] = served;
        }

        await House.Patch(path, new JsonObject { ["spec"] = new JsonObject { ["versions"] = versions } }.ToJsonString());
        var one = (await House.Get(path))!.Spec.Items("versions").First();
        Assert.Equal(served ? "true" : "false", one["served"]!.ToJsonString());
    }

    // Gone once the operator has been over the whole bus twice.
    private async Task SweptAsync(string ns)
    {
        var bus = House.Bus.Administration;
        TopicProperties model = await bus.GetTopicAsync($"{ns}.default-kn-trigger");
        await bus.CreateTopicAsync(new CreateTopicOptions($"{ns}.orphan")
        {
            UserMetadata = model.UserMetadata.Replace("default-kn-trigger", "orphan", StringComparison.Ordinal),
        });
        await Eventually.True(async () => !await bus.TopicExistsAsync($"{ns}.orphan"), "the orphan is swept");
    }

    private async Task<List<string>> EntitiesAsync(string ns)
    {
        var found = new List<string>();
        await foreach (var topic in House.Bus.Administration.GetTopicsAsync())
        {
            if (topic.Name.StartsWith(ns + ".", StringComparison.Ordinal))
            {
                found.Add(topic.Name);
                found.AddRange((await House.Bus.Subscriptions(topic.Name)).Select(item => item.SubscriptionName));
            }
        }

        return found;
    }
}
