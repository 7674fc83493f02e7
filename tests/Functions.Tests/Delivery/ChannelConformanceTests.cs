// Knative's own table of Channel delivery, end to end: replies, their failures, and dead-letter sinks that are ours.
using System.Text;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class HostDoorChannelConformanceTests(HostHouse house)
    : ChannelConformanceTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorChannelConformanceTests(PumpHouse house)
    : ChannelConformanceTests(house), IClassFixture<PumpHouse>;

public abstract class ChannelConformanceTests(FunctionsHouse house)
{
    private static readonly Contract.Routing.Delivery Once = new()
    {
        Retry = 1,
        BackoffDelay = TimeSpan.FromMilliseconds(10),
        Timeout = TimeSpan.FromSeconds(20),
    };

    /// <summary>The subscriber fails once; a reply that fails for good makes the event itself a dead letter.</summary>
    [Theory]
    [InlineData(false, 0, 0, 0)]
    [InlineData(true, 0, 1, 0)]
    [InlineData(true, 1, 2, 0)]
    [InlineData(true, 2, 2, 1)]
    public async Task ChannelDelivery(bool replies, int replyFails, int atReply, int atSink)
    {
        await using var subscriber = await Subscriber.StartAsync((context, number) =>
        {
            context.Response.StatusCode = number == 1 ? 409 : 200;
            return number > 1 && replies ? Subscriber.ReplyAsync(context, "com.example.Reply") : Task.CompletedTask;
        });
        await using var reply = await Subscriber.StartAsync([.. Enumerable.Repeat(503, replyFails), 200]);
        await using var sink = await Subscriber.StartAsync();
        var channel = await house.AddChannelAsync();
        await house.AddSubscriptionAsync(channel, subscriber.Address, e => e with
        {
            Reply = new() { Uri = reply.Address.ToString() },
            DeadLetterSink = new() { Uri = sink.Address.ToString() },
            Delivery = Once,
        });

        await SendAsync(channel, "e1");
        await Eventually.True(
            () => subscriber.Received.Count == 2 && reply.Received.Count == atReply && sink.Received.Count == atSink,
            "every try");
        await Eventually.True(
            () => house.Bus.IsEmptyAsync(Contract.Names.EntityNames.SubscriptionsLane), "nothing else comes");
        Assert.Equal((2, atReply, atSink), (subscriber.Received.Count, reply.Received.Count, sink.Received.Count));
        Assert.All(reply.Received, r => Assert.Equal("reply-of-e1", r.Attribute("id")));
        foreach (var letter in sink.Received)
        {
            Assert.Equal("e1", letter.Attribute("id"));
            Assert.Equal(reply.Address.ToString(), letter.Attribute("knativeerrordest"));
            Assert.Equal("503", letter.Attribute("knativeerrorcode"));
        }
    }

    [Fact]
    public async Task Chain_SubscriberReplyChannelSubscriber()
    {
        await using var first = await Subscriber.StartAsync((context, _) => Subscriber.ReplyAsync(context, "second"));
        await using var last = await Subscriber.StartAsync();
        var one = await house.AddChannelAsync();
        var two = await house.AddChannelAsync();
        await house.AddSubscriptionAsync(one, first.Address, e => e with { Reply = Of(two) });
        await house.AddSubscriptionAsync(two, last.Address);
        await SendAsync(one, "e1");
        await Eventually.True(() => last.Received.Count == 1, "the reply arrives");
        Assert.Equal("second", last.Received[0].Attribute("type"));
        Assert.Null(last.Received[0].Attribute("knativebrokerttl"));
    }

    [Fact]
    public async Task DeadLetterSink_Channel_ItsSubscriberGetsTheEventWithTheError()
    {
        await using var subscriber = await Subscriber.StartAsync(400);
        await using var sink = await Subscriber.StartAsync();
        var channel = await house.AddChannelAsync();
        var letters = await house.AddChannelAsync();
        await house.AddSubscriptionAsync(channel, subscriber.Address, e => e with { DeadLetterSink = Of(letters) });
        await house.AddSubscriptionAsync(letters, sink.Address);
        await SendAsync(channel, "e1");
        await Eventually.True(() => sink.Received.Count == 1, "the dead letter arrives");
        Assert.Equal("400", sink.Received[0].Attribute("knativeerrorcode"));
        Assert.Equal("{\"n\": 1.0}", Encoding.UTF8.GetString(sink.Received[0].Body));
    }

    [Fact]
    public async Task DeadLetterSink_OwnBroker_LoopEndsWithTheRoundsItHas()
    {
        await using var subscriber = await Subscriber.StartAsync(400);
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address, e => e with
        {
            DeadLetterSink = new() { Uri = $"http://{broker}", Topic = FunctionsHouse.Topic(broker) },
        });
        await house.SendAsync(broker, "e1", headers: ("ce-knativebrokerttl", "4"));
        await Eventually.True(
            async () => (await house.Bus.DeadLettersOfAsync(egress.Uid)).Count == 1, "the loop ends");
        Assert.Equal(3, subscriber.Received.Count);
        Assert.Equal(
            DeadLetterReason.DeadLetterSinkFailed,
            (await house.Bus.DeadLettersOfAsync(egress.Uid))[0]
                .ApplicationProperties[Contract.Names.MessageProperties.DeadLetterReason]);
    }

    private static Destination Of(string channel) => new()
    {
        Uri = $"http://{channel}-kn-channel.ns.svc.cluster.local",
        Topic = FunctionsHouse.ChannelTopic(channel),
    };

    private async Task SendAsync(string channel, string id)
    {
        using var request = house.Request($"channels/ns/{channel}", id);
        using var response = await house.Http.SendAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, response.StatusCode);
    }
}
