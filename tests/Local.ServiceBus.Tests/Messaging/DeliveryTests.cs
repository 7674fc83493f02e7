// Locks, delivery counts, expiry, deferral, restarts.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Messaging;

/// <summary>The engine alone, on disk.</summary>
public sealed class DeliveryTests : IDisposable
{
    private readonly TestBroker _bus = new();

    public void Dispose() => _bus.Dispose();

    [Fact]
    public async Task Lock_Expired_DeliversAgainAndCounts()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q", LockDuration = TimeSpan.FromSeconds(30) });
        await _bus.SendAsync("q", TestBroker.Text("m"));
        var receiver = _bus.Receive("q");
        var first = Assert.Single(await receiver.ExpectAsync(1));

        _bus.Pass(TimeSpan.FromSeconds(31));
        var again = (await receiver.ExpectAsync(2))[1];
        Assert.Equal(1, again.Facts.DeliveryCount);
        Assert.Equal(BrokerError.LockLost, await _bus.SettleAsync(first, Settlement.Complete));
        Assert.Null(await _bus.SettleAsync(again, Settlement.Complete));
        Assert.Equal(0, _bus.Count("q"));
    }

    [Fact]
    public async Task Lock_LostWithTheProcess_CountsAsADelivery()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        await _bus.SendAsync("q", TestBroker.Text("m"));
        await _bus.Receive("q").ExpectAsync(1);
        _bus.Pass(TimeSpan.FromSeconds(1));

        _bus.Restart();

        var again = Assert.Single(await _bus.Receive("q").ExpectAsync(1));
        Assert.Equal(1, again.Facts.DeliveryCount);
    }

    [Fact]
    public async Task Lock_AbandonedAfterItWasNoted_CountsOnce()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        await _bus.SendAsync("q", TestBroker.Text("m"));
        var held = Assert.Single(await _bus.Receive("q", credit: 1).ExpectAsync(1));
        _bus.Pass(TimeSpan.FromSeconds(1));
        Assert.Null(await _bus.SettleAsync(held, Settlement.Abandon));

        _bus.Restart();

        var again = Assert.Single(await _bus.Receive("q").ExpectAsync(1));
        Assert.Equal(1, again.Facts.DeliveryCount);
    }

    [Fact]
    public async Task Lock_Renewed_LastsLonger()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q", LockDuration = TimeSpan.FromSeconds(30) });
        await _bus.SendAsync("q", TestBroker.Text("m"));
        var receiver = _bus.Receive("q");
        var held = Assert.Single(await receiver.ExpectAsync(1));
        _bus.Pass(TimeSpan.FromSeconds(20));
        Assert.NotNull(held.Mailbox.Renew(held.LockToken, _bus.Time.GetUtcNow().ToUnixTimeMilliseconds()));
        _bus.Pass(TimeSpan.FromSeconds(20));

        Assert.Null(await _bus.SettleAsync(held, Settlement.Complete));
    }

    [Fact]
    public async Task Abandon_MaxDeliveryCountTimes_DeadLettersWithTheChangedProperties()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q", MaxDeliveryCount = 3 });
        await _bus.SendAsync("q", TestBroker.Text("m"));
        var receiver = _bus.Receive("q");
        for (var delivery = 1; delivery <= 3; delivery++)
        {
            var got = (await receiver.ExpectAsync(delivery))[^1];
            Assert.Equal(delivery - 1, got.Facts.DeliveryCount);
            Assert.Null(await _bus.SettleAsync(got, Settlement.Abandon with
            {
                Properties = new Dictionary<string, object?> { ["tries"] = delivery },
            }));
        }

        var dead = Assert.Single(await _bus.Receive("q/$DeadLetterQueue").ExpectAsync(1));
        Assert.Equal("MaxDeliveryCountExceeded", CollectingReceiver.Property(dead, "DeadLetterReason"));
        Assert.Equal(3, CollectingReceiver.Property(dead, "tries"));
        Assert.Equal(0, _bus.Count("q"));
    }

    [Fact]
    public async Task TimeToLive_Passed_DropsOrDeadLetters()
    {
        await _bus.QueueAsync(
            new QueueDescription { Name = "drop", DefaultMessageTimeToLive = TimeSpan.FromSeconds(5) });
        await _bus.QueueAsync(new QueueDescription { Name = "keep", DeadLetteringOnMessageExpiration = true });
        await _bus.SendAsync("drop", TestBroker.Text("m"));
        var own = TestBroker.Text("m");
        own.Header = new global::Amqp.Framing.Header { Ttl = 5_000 };
        await _bus.SendAsync("keep", own);

        _bus.Pass(TimeSpan.FromSeconds(6));
        await Eventually.True(() => _bus.Count("drop") == 0 && _bus.Count("keep") == 0, "both expired");
        var dead = Assert.Single(await _bus.Receive("keep/$DeadLetterQueue").ExpectAsync(1));
        Assert.Equal("TTLExpiredException", CollectingReceiver.Property(dead, "DeadLetterReason"));
        Assert.Equal(0, _bus.Count("drop/$DeadLetterQueue"));
    }

    [Fact]
    public async Task Deferred_ReceivedByNumber_SurvivesARestart()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        await _bus.SendAsync("q", TestBroker.Text("m"));
        var got = Assert.Single(await _bus.Receive("q").ExpectAsync(1));
        Assert.Null(await _bus.SettleAsync(got, Settlement.Defer));
        _bus.Restart();

        var mailbox = _bus.Broker.Topology.Find("q")!.Messages;
        Assert.Empty(_bus.Receive("q").Got);
        var deferred = mailbox.TakeDeferred([got.Entry.Sequence], _bus.Time.GetUtcNow().ToUnixTimeMilliseconds());
        Assert.Null(await _bus.SettleAsync(Assert.Single(deferred!), Settlement.Complete));
        Assert.Equal(0, _bus.Count("q"));
    }

    [Fact]
    public async Task Restart_WithBacklog_KeepsOrderAndNumbersAndForgetsWhatWasCompleted()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        for (var index = 1; index <= 5; index++)
        {
            await _bus.SendAsync("q", TestBroker.Text("m" + index));
        }

        var held = await _bus.Receive("q", credit: 2).ExpectAsync(2);
        Assert.Null(await _bus.SettleAsync(held[0], Settlement.Complete));
        _bus.Restart();
        var sequences = await _bus.SendAsync("q", TestBroker.Text("m6"));

        Assert.Equal(6, Assert.Single(sequences));
        var receiver = _bus.Receive("q");
        await receiver.ExpectAsync(5);
        Assert.Equal(["m2", "m3", "m4", "m5", "m6"], receiver.Bodies);
        foreach (var delivery in receiver.Got)
        {
            Assert.Null(await _bus.SettleAsync(delivery, Settlement.Complete));
        }

        _bus.Restart();
        Assert.Equal(7, Assert.Single(await _bus.SendAsync("q", TestBroker.Text("m7"))));
    }

    [Fact]
    public async Task ReceiveAndDelete_LeavesNothing()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        for (var index = 0; index < 10; index++)
        {
            await _bus.SendAsync("q", TestBroker.Text("m" + index));
        }

        await _bus.Receive("q", delete: true).ExpectAsync(10);
        _bus.Restart();
        Assert.Equal(0, _bus.Count("q"));
    }

    [Fact]
    public async Task Drain_FewerMessagesThanCredit_IsAnsweredAfterTheLastOne()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        await _bus.SendAsync("q", TestBroker.Text("m"));
        var receiver = _bus.Receive("q", credit: 5);
        await receiver.ExpectAsync(1);
        Assert.False(receiver.WasDrained);
        _bus.Broker.Topology.Find("q")!.Messages.SetCredit(receiver, 0, 5, drain: true);

        await Eventually.True(() => receiver.WasDrained, "drain answered");
        Assert.Equal(5u, receiver.DeliveryCount);
    }

    [Fact]
    public async Task Delete_TopicWithMessages_TakesSubscriptionsAndMessagesAlong()
    {
        await _bus.TopicAsync("t");
        await _bus.SubscriptionAsync(new SubscriptionDescription { Topic = "t", Name = "s" }, TestBroker.All());
        await _bus.SendAsync("t", TestBroker.Text("m"));
        Assert.Null(await _bus.Broker.Administration.DeleteAsync("t", CancellationToken.None));
        _bus.Restart();

        Assert.Empty(_bus.Broker.Topology.All);
        await _bus.TopicAsync("t");
        await _bus.SubscriptionAsync(new SubscriptionDescription { Topic = "t", Name = "s" }, TestBroker.All());
        Assert.Equal(0, _bus.Count("t/Subscriptions/s"));
    }

    [Fact]
    public async Task Delete_LargeBacklog_IsDoneBitByBitAndTheNameIsFreeAtOnce()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        await FillAsync("q", 2_500);
        Assert.Null(await _bus.Broker.Administration.DeleteAsync("q", CancellationToken.None));
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        Assert.Equal(1, Assert.Single(await _bus.SendAsync("q", TestBroker.Text("new"))));

        await Eventually.True(() => _bus.CountStored() == 2, "only the new message and its body are left");
        Assert.Equal(1, _bus.Count("q"));
    }

    [Fact]
    public async Task Delete_CutShort_IsFinishedByTheNextStart()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        await FillAsync("q", 1_500);
        _bus.Spoil("DELETE FROM entities");
        await _bus.QueueAsync(new QueueDescription { Name = "q" });

        await Eventually.True(() => _bus.CountStored() == 0, "nothing is left");
        _bus.Restart();
        Assert.Equal(0, _bus.Count("q"));
    }

    [Fact]
    public async Task Restart_AfterTheLastDelivery_DeadLettersInsteadOfOneMore()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q", MaxDeliveryCount = 1 });
        await _bus.SendAsync("q", TestBroker.Text("m"));
        await _bus.Receive("q").ExpectAsync(1);
        _bus.Pass(TimeSpan.FromMilliseconds(200));
        _bus.Restart();

        var receiver = _bus.Receive("q");
        _bus.Pass(TimeSpan.FromMilliseconds(200));
        var dead = Assert.Single(await _bus.Receive("q/$DeadLetterQueue").ExpectAsync(1));
        Assert.Equal("MaxDeliveryCountExceeded", CollectingReceiver.Property(dead, "DeadLetterReason"));
        Assert.Empty(receiver.Got);
    }

    private Task FillAsync(string queue, int count) => Task.WhenAll(
        Enumerable.Range(0, count).Select(number => _bus.SendAsync(queue, TestBroker.Text("m" + number))));
}
