// Follows events through the real bus to real subscribers, the same through both doors.
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class HostDoorDeliveryTests(HostHouse house) : DeliveryTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorDeliveryTests(PumpHouse house) : DeliveryTests(house), IClassFixture<PumpHouse>;

public abstract class DeliveryTests(FunctionsHouse house)
{
    private const string FullEvent = "com.example.FullEvent";

    private static readonly Contract.Routing.Delivery Quick = new()
    {
        Retry = 3,
        BackoffDelay = TimeSpan.FromMilliseconds(20),
        Timeout = TimeSpan.FromSeconds(20),
    };

    [Fact]
    public async Task Event_Matching_ArrivesOnceWithEveryAttribute()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address);

        var status = await house.SendAsync(
            broker, "e1", FullEvent, ("ce-subject", "a%20%E2%82%AC"), ("ce-time", "2020-01-01T00:00:00.123456789Z"));

        Assert.Equal(HttpStatusCode.Accepted, status);
        await Eventually.True(() => subscriber.Received.Count == 1, "the event arrives");
        var got = subscriber.Received[0];
        Assert.Equal("e1", got.Attribute("id"));
        Assert.Equal("a%20%E2%82%AC", got.Attribute("subject"));
        Assert.Equal("2020-01-01T00:00:00.123456789Z", got.Attribute("time"));
        Assert.NotNull(got.Attribute("knativearrivaltime"));
        Assert.Null(got.Attribute("knativebrokerttl"));
        Assert.Equal("application/json", got.Headers["Content-Type"]);
        Assert.Equal("{\"n\": 1.0}", Encoding.UTF8.GetString(got.Body));
        Assert.Equal("reply", got.Headers["Prefer"]);
        Assert.Equal("ns", got.Headers["Kn-Namespace"]);
    }

    [Fact]
    public async Task Event_SeveralBranchesMatch_OnlyMatchingTriggersAndEachOnce()
    {
        await using var some = await Subscriber.StartAsync();
        await using var none = await Subscriber.StartAsync();
        await using var end = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        FilterExpression[] branches =
        [
            new() { Exact = new Dictionary<string, string> { ["type"] = "a.b" } },
            new() { Prefix = new Dictionary<string, string> { ["type"] = "a." } },
            new() { Suffix = new Dictionary<string, string> { ["type"] = ".b" } },
        ];
        await house.AddTriggerAsync(broker, some.Address, e => e with { Filters = [new() { Any = branches }] });
        await house.AddTriggerAsync(broker, none.Address, e => e with { Filters = FunctionsHouse.TypeIs("other") });
        await house.AddTriggerAsync(broker, end.Address);

        string[] types = ["a.b", "x.y", "a.x", "y.b"];
        foreach (var type in types)
        {
            Assert.Equal(HttpStatusCode.Accepted, await house.SendAsync(broker, type, type));
        }

        await Eventually.True(() => end.Received.Count == 4 && some.Received.Count >= 3, "every event arrives");
        Assert.Equal(["a.b", "a.x", "y.b"], some.Received.Select(r => r.Attribute("type")).Order());
        Assert.Empty(none.Received);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Event_SentTwice_IsDroppedWhereItsBrokerDropsDuplicates(bool drops)
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync(drops);
        await house.AddTriggerAsync(broker, subscriber.Address);
        foreach (var id in (string[])["e1", "e1", "e2"])
        {
            Assert.Equal(HttpStatusCode.Accepted, await house.SendAsync(broker, id));
        }

        // A duplicate is one of source and id; all of a batch are looked at.
        using var batch = house.Request($"ns/{broker}");
        batch.Content = new StringContent(
            """
            [{"specversion":"1.0","id":"e2","source":"/tests","type":"t"},
             {"specversion":"1.0","id":"e2","source":"/others","type":"t"},
             {"specversion":"1.0","id":"last","source":"/tests","type":"t"}]
            """,
            new System.Net.Http.Headers.MediaTypeHeaderValue("application/cloudevents-batch+json"));
        using var taken = await house.Http.SendAsync(batch);
        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);

        await Eventually.True(() => subscriber.Received.Any(r => r.Attribute("id") == "last"), "the last one arrives");
        await Eventually.True(() => house.Bus.IsEmptyAsync(EntityNames.TriggersLane), "the lane is worked off");
        string[] expected = drops ? ["e1", "e2", "e2", "last"] : ["e1", "e1", "e2", "e2", "e2", "last"];
        Assert.Equal(expected, subscriber.Received.Select(r => r.Attribute("id")).Order());
    }

    [Fact]
    public async Task Subscriber_FailsThenTakes_IsTriedUntilThen()
    {
        await using var subscriber = await Subscriber.StartAsync(409, 503, 200);
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address, e => e with { Delivery = Quick });
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => subscriber.Received.Count == 3, "the third try");
        Assert.Single(subscriber.Received.Select(r => r.Attribute("id")).Distinct());
        Assert.Empty(await house.Bus.DeadLettersOfAsync(egress.Uid));
    }

    [Fact]
    public async Task Subscriber_FailsThenTakes_WaitsOnTheRetriesQueueWhenLong()
    {
        await using var subscriber = await Subscriber.StartAsync(503, 200);
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address, e => e with
        {
            Delivery = Quick with { Retry = 1, BackoffDelay = TimeSpan.FromSeconds(2.5) },
        });
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => subscriber.Received.Count == 1, "the first try");
        await Eventually.True(
            async () => subscriber.Received.Count == 2 || await house.Bus.IsWaitingAsync(EntityNames.TriggersLane),
            "the message waits on the retries queue");
        await Eventually.True(() => subscriber.Received.Count == 2, "the second try");
        Assert.Equal("e1", subscriber.Received[1].Attribute("id"));
    }

    [Fact]
    public async Task Subscriber_Replies_ReplyGoesRoundWithOneRoundLess()
    {
        await using var first = await Subscriber.StartAsync(
            (context, _) => Subscriber.ReplyAsync(context, "com.example.Reply"));
        await using var second = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(
            broker, first.Address, e => e with { Filters = FunctionsHouse.TypeIs("com.example.Ask") });
        await house.AddTriggerAsync(
            broker, second.Address, e => e with { Filters = FunctionsHouse.TypeIs("com.example.Reply") });
        await house.Bus.Administration.CreateSubscriptionAsync(FunctionsHouse.Topic(broker), "spy");

        await house.SendAsync(broker, "e1", "com.example.Ask", ("ce-knativebrokerttl", "9"));
        await Eventually.True(() => second.Received.Count == 1, "the reply arrives");
        Assert.Equal("reply-of-e1", second.Received[0].Attribute("id"));
        Assert.Equal("answer", Encoding.UTF8.GetString(second.Received[0].Body));

        await using var spy = house.Bus.Client.CreateReceiver(FunctionsHouse.Topic(broker), "spy");
        var seen = await spy.PeekMessagesAsync(10, 0);
        Assert.Equal(["8", "7"], seen.Select(m => m.ApplicationProperties["cloudEvents_knativebrokerttl"]));
    }

    [Fact]
    public async Task Reply_NoRoundsLeft_OriginalIsInTheDeadLetters()
    {
        await using var subscriber = await Subscriber.StartAsync(
            (context, _) => Subscriber.ReplyAsync(context, FullEvent));
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address);
        await house.SendAsync(broker, "e1", FullEvent, ("ce-knativebrokerttl", "4"));
        await Eventually.True(
            async () => (await house.Bus.DeadLettersOfAsync(egress.Uid)).Count == 1, "the loop ends");
        Assert.Equal(3, subscriber.Received.Count);
    }

    [Fact]
    public async Task Subscriber_AnswersNoEvent_IsAFailure()
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) => context.Response.WriteAsync("fine"));
        await using var sink = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address, e => WithSink(e, sink, retry: 1));
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => sink.Received.Count == 1, "the sink gets it");
        Assert.Equal("502", sink.Received[0].Attribute("knativeerrorcode"));
        Assert.Equal(2, subscriber.Received.Count);
    }

    [Theory]
    [InlineData(422, "", 1)]
    [InlineData(422, "no such order", 1)]
    [InlineData(500, "boom", 2)]
    public async Task Subscriber_FailsForGood_SinkGetsTheEventWithTheError(int status, string body, int tries)
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(body);
        });
        await using var sink = await Subscriber.StartAsync(503, 200);
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address, e => WithSink(e, sink, retry: 1));
        await house.SendAsync(broker, "e1");

        await Eventually.True(() => sink.Received.Count == 2, "the sink is tried by the same policy");
        var got = sink.Received[1];
        Assert.Equal("e1", got.Attribute("id"));
        Assert.Equal(subscriber.Address.ToString(), got.Attribute("knativeerrordest"));
        Assert.Equal(status.ToString(CultureInfo.InvariantCulture), got.Attribute("knativeerrorcode"));
        Assert.Equal(
            body.Length == 0 ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(body)),
            got.Attribute("knativeerrordata"));
        Assert.False(got.Headers.ContainsKey("Prefer"));
        Assert.Equal(tries, subscriber.Received.Count);
    }

    [Theory]
    [InlineData("bad://uri")]
    [InlineData("http://127.0.0.1:9/")]
    public async Task Subscriber_Unreachable_SinkGetsTheEvent(string uri)
    {
        await using var sink = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, new Uri(uri), e => WithSink(e, sink, retry: 0));
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => sink.Received.Count == 1, "the sink gets it");
        Assert.Equal("500", sink.Received[0].Attribute("knativeerrorcode"));
        Assert.Equal(new Uri(uri).ToString(), sink.Received[0].Attribute("knativeerrordest"));
        Assert.StartsWith(
            "dispatch error: ",
            Encoding.UTF8.GetString(Convert.FromBase64String(sink.Received[0].Attribute("knativeerrordata")!)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subscriber_LongErrorBody_IsCutBeforeItIsEncoded()
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
        {
            context.Response.StatusCode = 400;
            return context.Response.WriteAsync(new string('x', 5000));
        });
        await using var sink = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address, e => WithSink(e, sink, retry: 0));
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => sink.Received.Count == 1, "the sink gets it");
        Assert.Equal(1024, sink.Received[0].Attribute("knativeerrordata")!.Length);
    }

    [Fact]
    public async Task Subscriber_FailsWithoutSink_EventIsInTheDeadLettersWithReason()
    {
        await using var subscriber = await Subscriber.StartAsync(400);
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address);
        await house.SendAsync(broker, "e1");
        await Eventually.True(
            async () => (await house.Bus.DeadLettersOfAsync(egress.Uid)).Count == 1, "the dead letter");
        var letter = (await house.Bus.DeadLettersOfAsync(egress.Uid))[0];
        Assert.Equal(DeadLetterReason.DeliveryFailed, letter.ApplicationProperties[MessageProperties.DeadLetterReason]);
        Assert.Equal(400, Convert.ToInt32(
            letter.ApplicationProperties[MessageProperties.ErrorCode], CultureInfo.InvariantCulture));
        Assert.Equal("e1", letter.ApplicationProperties["cloudEvents_id"]);
        Assert.Equal("{\"n\": 1.0}", letter.Body.ToString());
    }

    [Fact]
    public async Task DeadLetterSink_FailsToo_EventIsInTheDeadLetters()
    {
        await using var subscriber = await Subscriber.StartAsync(500);
        await using var sink = await Subscriber.StartAsync(500);
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address, e => WithSink(e, sink, retry: 1));
        await house.SendAsync(broker, "e1");
        await Eventually.True(
            async () => (await house.Bus.DeadLettersOfAsync(egress.Uid)).Count == 1, "the dead letter");
        var letter = (await house.Bus.DeadLettersOfAsync(egress.Uid))[0];
        Assert.Equal(
            DeadLetterReason.DeadLetterSinkFailed, letter.ApplicationProperties[MessageProperties.DeadLetterReason]);
        Assert.Equal(2, sink.Received.Count);
    }

    [Fact]
    public async Task Subscriber_Hangs_OthersGoOn()
    {
        await using var hung = await Subscriber.StartAsync(
            (context, _) => new TaskCompletionSource().Task.WaitAsync(context.RequestAborted));
        await using var good = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var slow = await house.AddTriggerAsync(
            broker, hung.Address, e => e with { Delivery = Quick with { Timeout = TimeSpan.FromMinutes(5) } });
        await house.AddTriggerAsync(broker, good.Address);
        const int Events = 400;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Events),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (n, _) => Assert.Equal(HttpStatusCode.Accepted, await house.SendAsync(broker, $"e{n}")));
        await Eventually.True(() => good.Received.Count == Events, "every event reaches the good one");
        Assert.True(hung.Received.Count <= 32, $"{hung.Received.Count} in flight to the hung one");
        await house.ChangeAsync(slow with { State = EgressState.Draining });
    }

    [Fact]
    public async Task Egress_Draining_IsNotDeliveredAnyMore()
    {
        await using var subscriber = await Subscriber.StartAsync();
        await using var other = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address);
        await house.AddTriggerAsync(broker, other.Address);
        await house.ChangeAsync(egress with { State = EgressState.Draining });
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => other.Received.Count == 1, "the other one gets it");
        Assert.Empty(subscriber.Received);
        Assert.Empty(await house.Bus.DeadLettersOfAsync(egress.Uid));
    }

    [Fact]
    public async Task Egress_NotYetInTheTable_ComesBackAndIsDelivered()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address);
        await house.RemoveAsync(egress);
        await house.Bus.AddEgressAsync(
            FunctionsHouse.Topic(broker), "late" + egress.Uid, egress.Lane, long.MaxValue);
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => house.Bus.IsWaitingAsync(EntityNames.TriggersLane), "the message waits");
        await house.ChangeAsync(egress with { Uid = "late" + egress.Uid });
        await Eventually.True(() => subscriber.Received.Count == 1, "the event arrives");
    }

    [Fact]
    public async Task Egress_Unresolved_EventWaitsUntilItIsResolved()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address);
        await house.ChangeAsync(egress with { State = EgressState.Unresolved, Destination = null, Reply = null });
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => house.Bus.IsWaitingAsync(EntityNames.TriggersLane), "the message waits");
        await house.ChangeAsync(egress);
        await Eventually.True(() => subscriber.Received.Count == 1, "the event arrives");
    }

    [Fact]
    public async Task Filter_NotUsable_EventIsInTheDeadLetters()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(
            broker,
            subscriber.Address,
            e => e with { Filters = [new() { Any = [new() { Not = new() { Exact = Bad } }] }] });
        await house.SendAsync(broker, "e1");
        await Eventually.True(
            async () => (await house.Bus.DeadLettersOfAsync(egress.Uid)).Count == 1, "the dead letter");
        Assert.Empty(subscriber.Received);
    }

    [Fact]
    public async Task Message_NotAnEvent_IsInTheDeadLettersAsItCame()
    {
        await using var sender = house.Bus.Client.CreateSender(EntityNames.TriggersLane);
        var egress = Guid.NewGuid().ToString();
        var message = new ServiceBus.ServiceBusMessage("not an event");
        message.ApplicationProperties[MessageProperties.Egress] = egress;
        message.ApplicationProperties["mine"] = 7;
        await sender.SendMessageAsync(message);
        await Eventually.True(async () => (await house.Bus.DeadLettersOfAsync(egress)).Count == 1, "the dead letter");
        var letter = (await house.Bus.DeadLettersOfAsync(egress))[0];
        Assert.Equal(DeadLetterReason.NotAnEvent, letter.ApplicationProperties[MessageProperties.DeadLetterReason]);
        Assert.Equal("not an event", letter.Body.ToString());
        Assert.Equal(7L, Convert.ToInt64(letter.ApplicationProperties["mine"], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Subscription_OnlyReply_EventGoesOn()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, null, e => e with
        {
            Kind = EgressKind.Subscription,
            Lane = EntityNames.SubscriptionsLane,
            Reply = new() { Uri = subscriber.Address.ToString() },
        });
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => subscriber.Received.Count == 1, "the reply address gets it");
        Assert.Equal("e1", subscriber.Received[0].Attribute("id"));
    }

    [Theory]
    [InlineData(EventFormat.Binary)]
    [InlineData(EventFormat.Json)]
    public async Task Event_OfVersion03_PassesAsItCame(EventFormat format)
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(
            broker, subscriber.Address, e => e with { Delivery = Quick with { Format = format } });
        using var request = house.Request($"ns/{broker}", "e1");
        request.Headers.Remove("ce-specversion");
        request.Headers.Add("ce-specversion", "0.3");
        request.Headers.Add("ce-schemaurl", "http://example.com/schema");
        using var response = await house.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        await Eventually.True(() => subscriber.Received.Count == 1, "the event arrives");
        var got = subscriber.Received[0];
        if (format == EventFormat.Json)
        {
            using var body = System.Text.Json.JsonDocument.Parse(got.Body);
            Assert.Equal("0.3", body.RootElement.GetProperty("specversion").GetString());
            Assert.Equal("http://example.com/schema", body.RootElement.GetProperty("schemaurl").GetString());
        }
        else
        {
            Assert.Equal("0.3", got.Attribute("specversion"));
            Assert.Equal("http://example.com/schema", got.Attribute("schemaurl"));
        }
    }

    [Fact]
    public async Task Event_Expired_IsNotDelivered()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address);
        await house.SendAsync(broker, "late", FullEvent, ("ce-expirytime", "2020-01-01T00:00:00Z"));
        await house.SendAsync(broker, "timely", FullEvent, ("ce-expirytime", "2120-01-01T00:00:00+02:00"));
        await Eventually.True(() => subscriber.Received.Count > 0, "one arrives");
        await Eventually.True(() => house.Bus.IsEmptyAsync(EntityNames.TriggersLane), "nothing else comes");
        Assert.Equal("timely", Assert.Single(subscriber.Received).Attribute("id"));
    }

    [Fact]
    public async Task Event_ExpiresBetweenTwoTries_IsNotTriedAgain()
    {
        await using var subscriber = await Subscriber.StartAsync(503);
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address, e => e with
        {
            Delivery = Quick with { Retry = 1, BackoffDelay = TimeSpan.FromSeconds(4) },
        });
        var soon = Rfc3339.Write(TimeProvider.System.GetUtcNow().AddSeconds(3));
        await house.SendAsync(broker, "short", FullEvent, ("ce-expirytime", soon));
        await Eventually.True(() => subscriber.Received.Count == 1, "its first try");
        await house.SendAsync(broker, "long");
        await Eventually.True(
            () => subscriber.Received.Count(r => r.Attribute("id") == "long") == 2, "one that lasts is tried again");
        await Eventually.True(() => house.Bus.IsEmptyAsync(EntityNames.TriggersLane), "nothing else comes");
        Assert.Single(subscriber.Received, r => r.Attribute("id") == "short");
    }

    [Fact]
    public async Task Delivery_FormatJson_IsStructured()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(
            broker, subscriber.Address, e => e with { Delivery = Quick with { Format = EventFormat.Json } });
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => subscriber.Received.Count == 1, "the event arrives");
        Assert.Equal("application/cloudevents+json", subscriber.Received[0].Headers["Content-Type"]);
        var body = Encoding.UTF8.GetString(subscriber.Received[0].Body);
        Assert.Contains("\"data\":{\"n\": 1.0}", body, StringComparison.Ordinal);
        Assert.DoesNotContain("knativebrokerttl", body, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Bad => new() { ["Type"] = "x" };

    private static Egress WithSink(Egress egress, Subscriber sink, int retry) => egress with
    {
        DeadLetterSink = new() { Uri = sink.Address.ToString() },
        Delivery = Quick with { Retry = retry },
    };
}
