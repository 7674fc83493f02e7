// Sequences, Parallels and EventTypes, end to end: what they are made of, and their statuses.
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class FlowTests(House house) : IClassFixture<House>
{
    private const string Flows = "apis/flows.knative.dev/v1/namespaces";
    private const string Messaging = "apis/messaging.knative.dev/v1/namespaces";

    [Fact]
    public async Task Sequence_OfTwoSteps_IsAChainThatEndsInItsReply()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: flows.knative.dev/v1
            kind: Sequence
            metadata: {name: line}
            spec:
              channelTemplate: {apiVersion: messaging.knative.dev/v1, kind: InMemoryChannel}
              steps:
                - {uri: "http://one.example/", delivery: {retry: 4} }
                - {uri: "http://two.example/"}
              reply: {uri: "http://end.example/"}
            """,
            ns);
        var sequence = await house.Ready($"{Flows}/{ns}/sequences/line");
        Assert.Equal(
            $"http://line-kn-sequence-0-kn-channel.{ns}.svc.cluster.local", sequence.Status.Text("address", "url"));
        Assert.Equal(
            ["line-kn-sequence-0", "line-kn-sequence-1"],
            sequence.Status.Items("channelStatuses").Select(item => item.Text("channel", "name")));
        Assert.All(
            sequence.Status.Items("subscriptionStatuses"), item => Assert.Equal("True", item.Text("ready", "status")));

        var egresses = (await house.Table()).Egresses.Where(egress => egress.Namespace == ns).ToList();
        var first = egresses.Single(egress => egress.Name == "line-kn-sequence-0");
        Assert.Equal("http://one.example/", first.Destination!.Uri);
        Assert.Equal($"{ns}.line-kn-sequence-1", first.Reply!.Topic);
        Assert.Equal(4, first.Delivery.Retry);
        Assert.Equal("http://end.example/", egresses.Single(e => e.Name == "line-kn-sequence-1").Reply!.Uri);

        // A step less: its Subscription and Channel go, and the one before replies to the end.
        await house.Patch(
            $"{Flows}/{ns}/sequences/line", """{"spec":{"steps":[{"uri":"http://one.example/"}]}}""");
        await Eventually.True(
            async () => await house.Get($"{Messaging}/{ns}/subscriptions/line-kn-sequence-1") is null
                && await house.Get($"{Messaging}/{ns}/inmemorychannels/line-kn-sequence-1") is null
                && !await house.Bus.Administration.TopicExistsAsync($"{ns}.line-kn-sequence-1"),
            "the second step is gone");
        await Eventually.True(
            async () => (await house.Table()).Egresses
                .Single(e => e.Namespace == ns && e.Name == "line-kn-sequence-0").Reply!.Uri == "http://end.example/",
            "the first step replies to the end");

        await house.Delete($"{Flows}/{ns}/sequences/line");
        await Eventually.True(
            async () => !await house.Bus.Administration.TopicExistsAsync($"{ns}.line-kn-sequence-0"),
            "nothing is left");
    }

    [Fact]
    public async Task Parallel_OfTwoBranches_FiltersEachIntoAChannelOfItsOwn()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: flows.knative.dev/v1
            kind: Parallel
            metadata: {name: fork}
            spec:
              branches:
                - {filter: {uri: "http://pick.example/"}, subscriber: {uri: "http://left.example/"} }
                - {subscriber: {uri: "http://right.example/"}, reply: {uri: "http://own.example/"} }
              reply: {uri: "http://all.example/"}
            """,
            ns);
        var parallel = await house.Ready($"{Flows}/{ns}/parallels/fork");
        Assert.Equal(
            $"http://fork-kn-parallel-kn-channel.{ns}.svc.cluster.local", parallel.Status.Text("address", "url"));
        Assert.Equal("fork-kn-parallel", parallel.Status.Text("ingressChannelStatus", "channel", "name"));
        Assert.Equal("ServiceBusChannel", parallel.Status.Text("ingressChannelStatus", "channel", "kind"));
        Assert.Equal(
            ["fork-kn-parallel-filter-0", "fork-kn-parallel-filter-1"],
            parallel.Status.Items("branchStatuses")
                .Select(item => item.Text("filterSubscriptionStatus", "subscription", "name")));

        var egresses = (await house.Table()).Egresses.Where(e => e.Namespace == ns).ToDictionary(e => e.Name);
        Assert.Equal($"{ns}.fork-kn-parallel-0", egresses["fork-kn-parallel-filter-0"].Reply!.Topic);
        Assert.Equal("http://pick.example/", egresses["fork-kn-parallel-filter-0"].Destination!.Uri);
        Assert.Null(egresses["fork-kn-parallel-filter-1"].Destination);
        Assert.Equal("http://all.example/", egresses["fork-kn-parallel-0"].Reply!.Uri);
        Assert.Equal("http://own.example/", egresses["fork-kn-parallel-1"].Reply!.Uri);
    }

    [Fact]
    public async Task Flow_WithAForeignTemplate_SaysWhichKindsThereAre()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: flows.knative.dev/v1
            kind: Sequence
            metadata: {name: odd}
            spec:
              channelTemplate: {apiVersion: messaging.knative.dev/v1beta1, kind: KafkaChannel}
              steps: [{uri: "http://one.example/"}]
            """,
            ns);
        await house.Condition($"{Flows}/{ns}/sequences/odd", "ChannelsReady", "False", "ChannelTemplateInvalid");
    }

    [Fact]
    public async Task EventType_WithAReference_IsReadyWhenThatExists()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: eventing.knative.dev/v1beta2
            kind: EventType
            metadata: {name: made}
            spec: {type: com.made, reference: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default} }
            """,
            ns);
        var path = $"apis/eventing.knative.dev/v1beta3/namespaces/{ns}/eventtypes/made";
        await house.Condition(path, "ReferenceExists", "False", "ResourceDoesNotExist");
        await house.Apply("apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: default}\nspec: {}", ns);
        await house.Ready(path);
    }

    [Theory]
    [InlineData("v1beta3", "attributes: [{name: type, value: com.made, required: true}]")]
    [InlineData("v1beta2", "type: com.made")]
    [InlineData("v1beta1", "type: com.made")]
    [InlineData("v1alpha1", "{type: com.made, source: here, broker: default}")]
    public async Task EventType_OfEachVersion_IsTakenAndReconciled(string version, string spec)
    {
        var ns = await house.Namespace("eventing.knative.dev/injection: enabled");
        await house.Ready(House.Broker(ns));
        await house.Apply(
            $"apiVersion: eventing.knative.dev/{version}\nkind: EventType\nmetadata:\n  name: made\nspec:\n  {spec}",
            ns);
        await house.Ready($"apis/eventing.knative.dev/v1beta2/namespaces/{ns}/eventtypes/made");
    }

    [Fact]
    public async Task EventType_OfAnOlderVersion_ShowsItsTypeWhenAskedForAtThatVersion()
    {
        var ns = await house.Namespace();
        using var kubectl = new Kubectl(house);
        foreach (var version in new[] { "v1beta2", "v1beta1", "v1alpha1" })
        {
            await kubectl.Succeeds(
                $"apply -n {ns} -f -",
                $"apiVersion: eventing.knative.dev/{version}\nkind: EventType\nmetadata: {{name: of-{version}}}\n"
                + "spec: {type: com.made, source: /here, broker: default}");
            var own = await kubectl.Succeeds($"get eventtypes.{version}.eventing.knative.dev of-{version} -n {ns}");
            Assert.Matches($"of-{version} +com.made +/here", own);
        }

        // v1beta3 has attributes, which nobody wrote: without a conversion webhook there is nothing to show.
        Assert.DoesNotContain("com.made", await kubectl.Succeeds($"get eventtypes -n {ns}"));
        await kubectl.Succeeds(
            $"apply -n {ns} -f -",
            "apiVersion: eventing.knative.dev/v1beta2\nkind: EventType\nmetadata: {name: both}\n"
            + "spec: {type: com.made, attributes: [{name: type, value: com.made, required: true}]}");
        Assert.Matches("both +com.made", await kubectl.Succeeds($"get eventtypes -n {ns}"));
        Assert.Matches(
            "both +com.made", await kubectl.Succeeds($"get eventtypes.v1beta2.eventing.knative.dev -n {ns}"));
    }

    [Fact]
    public async Task ServiceBusChannel_SubscribedByAForeignController_DeliversToItsSubscribers()
    {
        var ns = await house.Namespace();
        await house.Apply(
            "apiVersion: messaging.knative.dev/v1\nkind: ServiceBusChannel\nmetadata: {name: open}\nspec: {}", ns);
        var path = $"{Messaging}/{ns}/servicebuschannels/open";
        await house.Ready(path);
        await house.Patch(
            path,
            """
            {"spec":{"subscribers":[{
              "uid":"11111111-2222-3333-4444-555555555555","generation":3,"name":"theirs",
              "subscriberUri":"http://sub.example/","replyUri":"http://reply.example/",
              "delivery":{"retry":2,"backoffPolicy":"linear","backoffDelay":"PT1S"}}]}}
            """);
        await Eventually.Passes(async () =>
        {
            var subscriber = (await house.Get(path))!.Status.Items("subscribers").Single();
            Assert.Equal("True", subscriber.Text("ready"));
            Assert.Equal(3, subscriber.Number("observedGeneration"));
        });
        var egress = (await house.Table()).Egresses.Single(e => e.Uid == "11111111-2222-3333-4444-555555555555");
        Assert.Equal(EgressKind.Subscription, egress.Kind);
        Assert.Equal("http://sub.example/", egress.Destination!.Uri);
        Assert.Equal("http://reply.example/", egress.Reply!.Uri);
        Assert.Equal((2, BackoffPolicy.Linear), (egress.Delivery.Retry, egress.Delivery.BackoffPolicy));
        Assert.EndsWith("eventing-subscriptions", Assert.Single(await house.Bus.Subscriptions($"{ns}.open")).ForwardTo);

        await house.Patch(path, """{"spec":{"subscribers":[]}}""");
        await Eventually.True(
            async () => (await house.Bus.Subscriptions($"{ns}.open")).Count == 0
                && (await house.Table()).Egresses.Single(e => e.Uid == egress.Uid).State == EgressState.Draining,
            "their subscriber is gone");
    }
}
