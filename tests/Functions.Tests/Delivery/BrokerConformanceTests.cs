// Knative's own tables of Broker delivery and routing, end to end: knative/eventing test/rekt/features/broker.
using System.Net;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class HostDoorBrokerConformanceTests(HostHouse house)
    : BrokerConformanceTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorBrokerConformanceTests(PumpHouse house)
    : BrokerConformanceTests(house), IClassFixture<PumpHouse>;

public abstract class BrokerConformanceTests(FunctionsHouse house)
{
    private const string FullEvent = "com.example.FullEvent";

    /// <summary>A delivery is written as its retries, with a + if it has a dead-letter sink; - is none.</summary>
    [Theory]
    [InlineData("-", "-", 0, "-", 0, 1, 1, 0, 0, 0)]
    [InlineData("3+", "-", 3, "-", 4, 4, 4, 0, 0, 1)]
    [InlineData("0", "3+", 3, "1", 2, 4, 2, 0, 0, 0)]
    [InlineData("1+", "3+", 3, "-", 2, 4, 2, 0, 0, 1)]
    [InlineData("1+", "3+", 4, "-", 2, 4, 2, 1, 0, 1)]
    public async Task ControlPlaneDelivery(
        string ofBroker, string first, int firstFails, string second, int secondFails,
        int atFirst, int atSecond, int atFirstSink, int atSecondSink, int atBrokerSink)
    {
        await using var t0 = await Subscriber.StartAsync(Failing(firstFails));
        await using var t1 = await Subscriber.StartAsync(Failing(secondFails));
        await using var sink0 = await Subscriber.StartAsync();
        await using var sink1 = await Subscriber.StartAsync();
        await using var sinkOfBroker = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.TogetherAsync(async () =>
        {
            await house.AddTriggerAsync(broker, t0.Address, e => With(e, first, sink0, ofBroker, sinkOfBroker));
            await house.AddTriggerAsync(broker, t1.Address, e => With(e, second, sink1, ofBroker, sinkOfBroker));
        });

        await house.SendAsync(broker, "e1");
        await Eventually.True(
            () => t0.Received.Count == atFirst && t1.Received.Count == atSecond
                && sink0.Received.Count == atFirstSink && sink1.Received.Count == atSecondSink
                && sinkOfBroker.Received.Count == atBrokerSink,
            "every try and every dead letter");
        await Eventually.True(
            () => house.Bus.IsEmptyAsync(Contract.Names.EntityNames.TriggersLane), "nothing else comes");
        Assert.Equal(
            (atFirst, atSecond, atFirstSink, atSecondSink, atBrokerSink),
            (t0.Received.Count, t1.Received.Count, sink0.Received.Count, sink1.Received.Count,
                sinkOfBroker.Received.Count));
    }

    [Fact]
    public async Task SourceToSinkWithFlakyDLQ()
    {
        await using var sink = await Subscriber.StartAsync(503, 503, 200);
        await using var dlq = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, sink.Address, e => With(e, "-", dlq, "0+", dlq));
        for (var id = 1; id <= 3; id++)
        {
            await house.SendAsync(broker, $"{id}");
            await Eventually.True(() => sink.Received.Count == id, "each in turn");
            await Eventually.True(() => dlq.Received.Count == Math.Min(id, 2), "the first two");
        }

        Assert.Equal(["1", "2"], dlq.Received.Select(r => r.Attribute("id")));
        Assert.Equal("3", sink.Received[2].Attribute("id"));
    }

    [Fact]
    public async Task Redelivery_DropsFive_DeliveredWithItsNamespace()
    {
        await using var sink = await Subscriber.StartAsync(Failing(5));
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, sink.Address, e => With(e, "5", sink, "-", sink));
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => sink.Received.Count == 6, "the sixth try");
        Assert.All(sink.Received, r => Assert.Equal("ns", r.Headers["Kn-Namespace"]));
    }

    [Fact]
    public async Task DeliverLongMessageAndLongResponse()
    {
        var data = new string('x', 36_864);
        var answer = new string('y', 36_000);
        await using var first = await Subscriber.StartAsync((context, _) =>
            Subscriber.ReplyAsync(context, "com.example.Reply", answer));
        await using var second = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, first.Address, e => e with { Filters = FunctionsHouse.TypeIs(FullEvent) });
        await house.AddTriggerAsync(
            broker, second.Address, e => e with { Filters = FunctionsHouse.TypeIs("com.example.Reply") });
        using var request = house.Request($"ns/{broker}", "e1");
        request.Content = new StringContent(data);
        using var taken = await house.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);

        await Eventually.True(() => second.Received.Count == 1, "the reply arrives");
        Assert.Equal(data, System.Text.Encoding.UTF8.GetString(Assert.Single(first.Received).Body));
        Assert.Equal(answer, System.Text.Encoding.UTF8.GetString(Assert.Single(second.Received).Body));
    }

    /// <summary>Filters are types, "" is none; each event is one FullEvent.</summary>
    [Theory]
    [InlineData("", null, 1, 0)]
    [InlineData("mytype", null, 0, 0)]
    [InlineData(FullEvent, null, 1, 0)]
    [InlineData(FullEvent, FullEvent, 1, 1)]
    [InlineData("notmytype", FullEvent, 0, 1)]
    [InlineData("", "", 1, 1)]
    public async Task ControlPlaneEventRouting(string first, string? second, int atFirst, int atSecond)
    {
        await using var t0 = await Subscriber.StartAsync();
        await using var t1 = await Subscriber.StartAsync();
        await using var end = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.TogetherAsync(async () =>
        {
            await house.AddTriggerAsync(broker, t0.Address, e => e with { Filters = Types(first) });
            if (second is not null)
            {
                await house.AddTriggerAsync(broker, t1.Address, e => e with { Filters = Types(second) });
            }

            await house.AddTriggerAsync(broker, end.Address);
        });
        await house.SendAsync(broker, "e1");
        await Eventually.True(
            () => end.Received.Count == 1 && t0.Received.Count >= atFirst && t1.Received.Count >= atSecond,
            "whoever is to get it has it");
        await Eventually.True(
            () => house.Bus.IsEmptyAsync(Contract.Names.EntityNames.TriggersLane), "nothing else comes");
        Assert.Equal((atFirst, atSecond), (t0.Received.Count, t1.Received.Count));
    }

    [Fact]
    public async Task EventTransformationForTrigger()
    {
        await using var transformation = await Subscriber.StartAsync((context, _) =>
            Subscriber.ReplyAsync(context, "com.example.ReplyEvent"));
        await using var end = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(
            broker, transformation.Address, e => e with { Filters = FunctionsHouse.TypeIs(FullEvent) });
        await house.AddTriggerAsync(
            broker, end.Address, e => e with { Filters = FunctionsHouse.TypeIs("com.example.ReplyEvent") });
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => end.Received.Count == 1, "the reply arrives");
        Assert.Equal("reply-of-e1", end.Received[0].Attribute("id"));
        Assert.Equal("e1", Assert.Single(transformation.Received).Attribute("id"));
    }

    [Theory]
    [InlineData(EventFormat.Binary, "application/json")]
    [InlineData(EventFormat.Json, "application/cloudevents+json")]
    public async Task TriggerSupportsDeliveryFormat(EventFormat format, string contentType)
    {
        await using var sink = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, sink.Address, e => e with { Delivery = new() { Format = format } });
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => sink.Received.Count == 1, "the event arrives");
        Assert.Equal(contentType, sink.Received[0].Headers["Content-Type"]);
    }

    [Fact]
    public async Task BrokerWorkFlowWithTransformation()
    {
        await using var transformation = await Subscriber.StartAsync((context, _) =>
            Subscriber.ReplyAsync(context, "com.example.Transformed"));
        await using var sink = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var channel = await house.AddChannelAsync();
        await house.AddTriggerAsync(
            broker, transformation.Address, e => e with { Filters = FunctionsHouse.TypeIs(FullEvent) });
        await house.AddTriggerAsync(broker, null, e => e with
        {
            Filters = FunctionsHouse.TypeIs("com.example.Transformed"),
            Destination = new()
            {
                Uri = $"http://{channel}-kn-channel.ns.svc.cluster.local",
                Topic = FunctionsHouse.ChannelTopic(channel),
            },
        });
        await house.AddSubscriptionAsync(channel, sink.Address);
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => sink.Received.Count == 1, "the transformed event arrives");
        Assert.Equal("com.example.Transformed", sink.Received[0].Attribute("type"));
        Assert.Equal("reply-of-e1", sink.Received[0].Attribute("id"));
        Assert.Single(transformation.Received);
    }

    private static int[] Failing(int count) => [.. Enumerable.Repeat(409, count), 200];

    private static IReadOnlyList<FilterExpression> Types(string type) =>
        type.Length == 0 ? [] : FunctionsHouse.TypeIs(type);

    // What the operator resolves: the Trigger's own delivery, where it has none the Broker's.
    private static Egress With(
        Egress egress, string own, Subscriber ownSink, string ofBroker, Subscriber brokerSink)
    {
        var (delivery, sink) = own == "-" ? (ofBroker, brokerSink) : (own, ownSink);
        return egress with
        {
            Delivery = new()
            {
                Retry = delivery == "-" ? 0 : int.Parse(
                    delivery.TrimEnd('+'), System.Globalization.CultureInfo.InvariantCulture),
                BackoffPolicy = BackoffPolicy.Linear,
                BackoffDelay = TimeSpan.FromMilliseconds(10),
                Timeout = TimeSpan.FromSeconds(20),
            },
            DeadLetterSink = delivery.EndsWith('+') ? new() { Uri = sink.Address.ToString() } : null,
        };
    }
}
