// Where messages go: rules, copies, auto-forwarding, dead letters.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Messaging;

/// <summary>The engine alone, on disk.</summary>
public sealed class RoutingTests : IDisposable
{
    private readonly TestBroker _bus = new();

    public void Dispose() => _bus.Dispose();

    [Fact]
    public async Task Topic_MatchingRuleWithActionAndForward_PutsChangedCopyIntoTheTarget()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "lane" });
        await _bus.TopicAsync("t");
        await _bus.SubscriptionAsync(
            new SubscriptionDescription { Topic = "t", Name = "s", ForwardTo = "lane" },
            TestBroker.Sql("egress", "kind = 'a'", "SET eventing_egress = 'uid'; SET eventing_since = 7"));

        var wanted = TestBroker.Text("one");
        wanted.ApplicationProperties["kind"] = "a";
        await _bus.SendAsync("t", wanted);
        var other = TestBroker.Text("two");
        other.ApplicationProperties["kind"] = "b";
        await _bus.SendAsync("t", other);

        var got = Assert.Single(await _bus.Receive("lane").ExpectAsync(1));
        Assert.Equal("one", CollectingReceiver.BodyOf(got));
        Assert.Equal("uid", CollectingReceiver.Property(got, "eventing_egress"));
        Assert.Equal(7L, Convert.ToInt64(CollectingReceiver.Property(got, "eventing_since")));
        Assert.Equal("a", CollectingReceiver.Property(got, "kind"));
    }

    [Fact]
    public async Task Subscription_TwoActionRulesAndThreePlainOnes_MakesThreeCopies()
    {
        await _bus.TopicAsync("t");
        await _bus.SubscriptionAsync(
            new SubscriptionDescription { Topic = "t", Name = "s" },
            TestBroker.Sql("a", "1=1", "SET x = 1"), TestBroker.Sql("b", "1=1", "SET x = 2"),
            TestBroker.Sql("c", "1=1"), TestBroker.Sql("d", "1=1"), TestBroker.Sql("e", "1=1"));
        await _bus.SendAsync("t", TestBroker.Text("m"));

        var got = await _bus.Receive("t/Subscriptions/s").ExpectAsync(3);
        var names = got.Select(one => CollectingReceiver.Property(one, "RuleName") as string).Order().ToArray();
        Assert.Equal(",a,b", string.Join(',', names));
    }

    [Fact]
    public async Task Forward_BeyondFourHops_DeadLettersWhereItStops()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q6" });
        for (var hop = 5; hop >= 1; hop--)
        {
            await _bus.QueueAsync(new QueueDescription { Name = "q" + hop, ForwardTo = "q" + (hop + 1) });
        }

        await _bus.SendAsync("q2", TestBroker.Text("arrives"));
        await _bus.SendAsync("q1", TestBroker.Text("too far"));

        var arrived = Assert.Single(await _bus.Receive("q6").ExpectAsync(1));
        Assert.Equal("arrives", CollectingReceiver.BodyOf(arrived));
        var dead = Assert.Single(await _bus.Receive("q5/$DeadLetterQueue").ExpectAsync(1));
        Assert.Equal("MaxTransferHopCountExceeded", CollectingReceiver.Property(dead, "DeadLetterReason"));
    }

    [Fact]
    public async Task Forward_TargetDeleted_DeadLettersAtTheSource()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "target" });
        await _bus.QueueAsync(new QueueDescription { Name = "source", ForwardTo = "target" });
        Assert.Null(await _bus.Broker.Administration.DeleteAsync("target", CancellationToken.None));
        await _bus.SendAsync("source", TestBroker.Text("m"));

        Assert.Single(await _bus.Receive("source/$DeadLetterQueue").ExpectAsync(1));
    }

    [Theory]
    [InlineData("disabled", "ForwardTargetDisabled")]
    [InlineData("full", "ForwardTargetFull")]
    [InlineData("sessions", "Session ID is null.")]
    public async Task Forward_TargetThatTakesNothing_DeadLettersAtTheSource(string target, string reason)
    {
        await _bus.QueueAsync(new QueueDescription { Name = "disabled" });
        await _bus.QueueAsync(new QueueDescription { Name = "full", MaxSizeInMegabytes = 1 });
        await _bus.QueueAsync(new QueueDescription { Name = "sessions", RequiresSession = true });
        await _bus.QueueAsync(new QueueDescription { Name = "source", ForwardTo = target });
        Assert.Null(await _bus.Broker.Administration.UpdateAsync(
            new QueueDescription { Name = "disabled", Status = EntityStatus.SendDisabled }, CancellationToken.None));
        var large = new string('x', 200 * 1024);
        while (await _bus.TrySendAsync("full", TestBroker.Text(large, Guid.NewGuid().ToString())) is null)
        {
            // Until it is full.
        }

        await _bus.SendAsync("source", TestBroker.Text("m"));

        var dead = Assert.Single(await _bus.Receive("source/$DeadLetterQueue").ExpectAsync(1));
        Assert.Equal(reason, CollectingReceiver.Property(dead, "DeadLetterReason"));
        Assert.Equal(0, _bus.Count("source"));
    }

    [Fact]
    public async Task DeadLetter_WithForwardDeadLetteredMessagesTo_ArrivesThereWithReasonAndSource()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "deadletters" });
        await _bus.QueueAsync(new QueueDescription { Name = "q", ForwardDeadLetteredMessagesTo = "deadletters" });
        await _bus.SendAsync("q", TestBroker.Text("m"));
        var got = Assert.Single(await _bus.Receive("q").ExpectAsync(1));
        Assert.Null(await _bus.SettleAsync(got, new Settlement(SettlementKind.DeadLetter)
        {
            DeadLetterReason = "why",
            DeadLetterDescription = "because",
            Properties = new Dictionary<string, object?> { ["extra"] = 1 },
        }));

        var dead = Assert.Single(await _bus.Receive("deadletters").ExpectAsync(1));
        Assert.Equal("why", CollectingReceiver.Property(dead, "DeadLetterReason"));
        Assert.Equal("because", CollectingReceiver.Property(dead, "DeadLetterErrorDescription"));
        Assert.Equal(1, CollectingReceiver.Property(dead, "extra"));
        var annotations = CollectingReceiver.Decode(dead).MessageAnnotations.Map;
        Assert.Equal("q", annotations[new global::Amqp.Types.Symbol("x-opt-deadletter-source")]);
        Assert.Equal(0, _bus.Count("q/$DeadLetterQueue"));
    }

    [Fact]
    public async Task Scheduled_OnAForwardingQueue_IsForwardedWhenDue()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "lane" });
        await _bus.QueueAsync(new QueueDescription { Name = "retries", ForwardTo = "lane" });
        var message = TestBroker.Text("later");
        message.MessageAnnotations = new global::Amqp.Framing.MessageAnnotations();
        message.MessageAnnotations[new global::Amqp.Types.Symbol("x-opt-scheduled-enqueue-time")] =
            _bus.Time.GetUtcNow().AddSeconds(10).UtcDateTime;
        await _bus.SendAsync("retries", message);
        var lane = _bus.Receive("lane");

        _bus.Pass(TimeSpan.FromSeconds(9));
        Assert.Empty(lane.Got);
        _bus.Pass(TimeSpan.FromSeconds(2));
        var got = Assert.Single(await lane.ExpectAsync(1));
        Assert.Equal("later", CollectingReceiver.BodyOf(got));
    }

    [Fact]
    public async Task DuplicateDetection_SameIdInTheWindow_IsDroppedAlsoAfterARestart()
    {
        await _bus.QueueAsync(new QueueDescription
        {
            Name = "q",
            RequiresDuplicateDetection = true,
            DuplicateDetectionWindow = TimeSpan.FromMinutes(1),
        });
        await _bus.SendAsync("q", TestBroker.Text("one", "id"));
        await _bus.SendAsync("q", TestBroker.Text("again", "id"));
        _bus.Restart();
        await _bus.SendAsync("q", TestBroker.Text("after restart", "id"));
        Assert.Equal(1, _bus.Broker.Counters.DuplicatesDropped);
        Assert.Equal(1, _bus.Count("q"));

        _bus.Pass(TimeSpan.FromMinutes(2));
        await _bus.SendAsync("q", TestBroker.Text("new window", "id"));
        Assert.Equal(2, _bus.Count("q"));
    }
}
