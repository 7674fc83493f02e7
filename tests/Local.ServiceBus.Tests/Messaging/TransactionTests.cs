// Settlements in a transaction: what is left of them when it is rolled back.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Tests.Messaging;

/// <summary>The engine alone; what goes over the wire is in the tests of the AMQP port.</summary>
public sealed class TransactionTests : IDisposable
{
    private readonly TestBroker _bus = new();

    public void Dispose() => _bus.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RollBack_AfterASettlement_LeavesTheLock(bool byTime)
    {
        var held = await HoldAsync(TimeSpan.FromMinutes(5));
        var transaction = Begin();
        var settled = _bus.SettleAsync(held, Settlement.Complete, transaction);
        Assert.Equal(BrokerError.LockLost, await _bus.SettleAsync(held, Settlement.Abandon));
        if (byTime)
        {
            _bus.Pass(TimeSpan.FromMinutes(2));
        }
        else
        {
            transaction.RollBack();
        }

        Assert.NotNull(await settled);
        Assert.Null(await _bus.SettleAsync(held, Settlement.Complete));
        Assert.Equal(0, _bus.Count("q"));
    }

    [Fact]
    public async Task RollBack_AfterTheLockRanOut_CountsTheDelivery()
    {
        var held = await HoldAsync(TimeSpan.FromSeconds(30));
        var transaction = Begin();
        var settled = _bus.SettleAsync(held, new Settlement(SettlementKind.DeadLetter), transaction);
        _bus.Pass(TimeSpan.FromSeconds(60));
        transaction.RollBack();
        Assert.NotNull(await settled);
        _bus.Pass(TimeSpan.FromSeconds(1));

        var again = Assert.Single(await _bus.Receive("q").ExpectAsync(1));
        Assert.Equal(1, again.Facts.DeliveryCount);
        Assert.Null(CollectingReceiver.Property(again, "DeadLetterReason"));
    }

    [Fact]
    public async Task Commit_AfterItsTime_SaysWhy()
    {
        var transaction = Begin();
        _bus.Pass(TimeSpan.FromMinutes(2));

        var told = new TaskCompletionSource<BrokerError?>();
        transaction.Commit(told.SetResult);
        Assert.Equal("amqp:transaction:timeout", (await told.Task)?.Condition);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SameMessageId_WhileAnotherWritesIt_WaitsForThatEnd(bool isWritten)
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q", RequiresDuplicateDetection = true });
        var transaction = Begin();
        var first = _bus.TrySendAsync("q", TestBroker.Text("first", "id"), transaction);
        var again = _bus.TrySendAsync("q", TestBroker.Text("again", "id"), transaction);
        var second = _bus.TrySendAsync("q", TestBroker.Text("second", "id"));
        await _bus.SendAsync("q", TestBroker.Text("other"));
        Assert.False(second.IsCompleted);

        if (isWritten)
        {
            transaction.Commit(_ => { });
        }
        else
        {
            transaction.RollBack();
        }

        Assert.Equal(isWritten, await first is null);
        Assert.Equal(isWritten, await again is null);
        Assert.Null(await second);
        var receiver = _bus.Receive("q");
        await receiver.ExpectAsync(2);
        Assert.Contains(isWritten ? "first" : "second", receiver.Bodies);
    }

    private Transaction Begin() => new(_bus.Broker.Journal, _bus.Time);

    private async Task<Delivery> HoldAsync(TimeSpan lockDuration)
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q", LockDuration = lockDuration });
        await _bus.SendAsync("q", TestBroker.Text("m"));
        return Assert.Single(await _bus.Receive("q", credit: 1).ExpectAsync(1));
    }
}
