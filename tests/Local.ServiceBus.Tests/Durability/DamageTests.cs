// A bad disk: messages that cannot be read, writes that fail.
using Amqp.Framing;
using Microsoft.Data.Sqlite;
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Tests.Messaging;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Durability;

/// <summary>Nothing of it ends the process, and nothing is accepted that is not kept.</summary>
public sealed class DamageTests : IDisposable
{
    private const int IoError = 10;
    private const int DiskFull = 13;
    private readonly TestBroker _bus = new();

    public void Dispose() => _bus.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Message_UnreadableOnDisk_IsParkedAndOthersGoOn(bool delete)
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        await _bus.SendAsync("q", TestBroker.Text("bad"));
        await _bus.SendAsync("q", TestBroker.Text("good"));
        _bus.Spoil("UPDATE bodies SET content = x'0053' WHERE id = 1");

        var receiver = _bus.Receive("q", credit: 1, delete: delete);
        await receiver.ExpectAsync(1);

        Assert.Equal(["good"], receiver.Bodies);
        Assert.Equal(1, _bus.Broker.Counters.MessagesParked);
    }

    [Fact]
    public async Task Message_UnreadableWhenItsTimeComes_IsParked()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q", DeadLetteringOnMessageExpiration = true });
        var message = TestBroker.Text("bad");
        message.Header = new Header { Ttl = 1_000 };
        await _bus.SendAsync("q", message);
        _bus.Spoil("UPDATE bodies SET content = x'0053'");

        _bus.Pass(TimeSpan.FromSeconds(2));

        await Eventually.True(() => _bus.Broker.Counters.MessagesParked == 1, "the expired message is parked");
        await _bus.SendAsync("q", TestBroker.Text("good"));
        Assert.Equal("good", CollectingReceiver.BodyOf((await _bus.Receive("q").ExpectAsync(1))[0]));
    }

    [Fact]
    public async Task Write_FailingOnTheDisk_MakesTheStoreReadOnly()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });
        await _bus.SendAsync("q", TestBroker.Text("kept"));

        Assert.False(await FailAsync(IoError));

        Assert.True(_bus.Broker.Journal.IsReadOnly);
        Assert.False(await _bus.Broker.Journal.RunAsync(_ => { }));
        var held = (await _bus.Receive("q").ExpectAsync(1))[0];
        Assert.Equal(BrokerError.Busy, await _bus.SettleAsync(held, Settlement.Complete));
        _bus.Restart();
        Assert.Equal(1, _bus.Count("q"));
    }

    [Fact]
    public async Task Write_OnAFullDisk_IsRefusedAndTheNextMaySucceed()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "q" });

        Assert.False(await FailAsync(DiskFull));

        await _bus.SendAsync("q", TestBroker.Text("later"));
        Assert.Equal(1, _bus.Count("q"));
    }

    private Task<bool> FailAsync(int code) =>
        _bus.Broker.Journal.RunAsync(_ => throw new SqliteException("the disk says no", code));
}
