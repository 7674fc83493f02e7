// Sessions: who gets one, in what order, and how it ends.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Messaging;

/// <summary>The engine alone, on disk.</summary>
public sealed class SessionTests : IDisposable
{
    private readonly TestBroker _bus = new();

    public void Dispose() => _bus.Dispose();

    [Fact]
    public async Task Session_OfManyMessages_GivesOnlyItsOwnInOrder()
    {
        await StartAsync();
        for (var number = 0; number < 20; number++)
        {
            await SendAsync($"{number}", number % 2 == 0 ? "even" : "odd");
        }

        var receiver = await AcceptAsync("odd");
        await receiver.ExpectAsync(10);

        Assert.Equal(Enumerable.Range(0, 10).Select(n => $"{(2 * n) + 1}"), receiver.Bodies);
    }

    [Fact]
    public async Task Session_Closed_GivesBackUncountedInOrder()
    {
        await StartAsync();
        await SendAsync("1", "s");
        await SendAsync("2", "s");
        var first = await AcceptAsync("s");
        var held = await first.ExpectAsync(2);

        Mailbox.Detach(first);
        Assert.Equal(BrokerError.SessionLockLost, await _bus.SettleAsync(held[0], Settlement.Complete));
        var second = await AcceptAsync(null);
        var again = await second.ExpectAsync(2);

        Assert.Equal(["1", "2"], second.Bodies);
        Assert.All(again, delivery => Assert.Equal(0, delivery.Facts.DeliveryCount));
    }

    [Fact]
    public async Task Session_LockExpired_IsLostAndItsDeliveriesCount()
    {
        await StartAsync();
        await SendAsync("1", "s");
        var first = await AcceptAsync("s");
        var held = Assert.Single(await first.ExpectAsync(1));

        _bus.Pass(TimeSpan.FromSeconds(31));
        await Eventually.True(() => first.Error == BrokerError.SessionLockLost, "the receiver hears of its loss");
        var second = await AcceptAsync("s");
        var again = Assert.Single(await second.ExpectAsync(1));

        Assert.Equal(1, again.Facts.DeliveryCount);
        Assert.Equal(BrokerError.SessionLockLost, await _bus.SettleAsync(held, Settlement.Complete));
        Assert.Null(await _bus.SettleAsync(again, Settlement.Complete));
    }

    [Fact]
    public async Task Session_Renewed_KeepsItsMessages()
    {
        await StartAsync();
        await SendAsync("1", "s");
        var receiver = await AcceptAsync("s");
        var held = Assert.Single(await receiver.ExpectAsync(1));

        _bus.Pass(TimeSpan.FromSeconds(20));
        Assert.NotNull(Mailbox.Sessions.Renew("s", Now, Now + 30_000));
        _bus.Pass(TimeSpan.FromSeconds(20));

        Assert.Null(await _bus.SettleAsync(held, Settlement.Complete));
        Assert.Null(Mailbox.Sessions.Renew("other", Now, Now + 30_000));
    }

    [Fact]
    public async Task Session_HeldByAnother_IsRefused()
    {
        await StartAsync();
        await AcceptAsync("s");

        var second = Ask("s");

        await Eventually.True(
            () => second.Error?.Condition == "com.microsoft:session-cannot-be-locked", "the second is refused");
    }

    [Fact]
    public async Task NextSession_NoneInTime_IsRefusedAndLaterOnesGranted()
    {
        await StartAsync();
        var impatient = Ask(null);
        _bus.Pass(TimeSpan.FromSeconds(11));
        await Eventually.True(() => impatient.Error == BrokerError.NoSession, "nothing came in time");

        var patient = Ask(null);
        await SendAsync("1", "s");

        await patient.GrantedAsync();
        Assert.Equal("s", patient.Session?.Id);
    }

    [Fact]
    public async Task Sessions_AfterRestart_AreThereWithTheirOrderAndState()
    {
        await StartAsync();
        await SendAsync("1", "a");
        await SendAsync("2", "a");
        var id = Mailbox.Id;
        Assert.True(await _bus.Broker.Journal.RunAsync(store => store.SaveSessionState(id, "a", [1, 2, 3], 5)));

        _bus.Restart();

        Assert.Equal(["a"], Mailbox.Sessions.Ids(0, 10));
        Assert.Equal([1, 2, 3], _bus.Broker.SessionStates.Read(id, "a"));
        var receiver = await AcceptAsync(null);
        await receiver.ExpectAsync(2);
        Assert.Equal(["1", "2"], receiver.Bodies);
    }

    private Mailbox Mailbox => _bus.Broker.Topology.Find("q")!.Messages;

    private long Now => _bus.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private Task StartAsync() => _bus.QueueAsync(
        new QueueDescription { Name = "q", RequiresSession = true, LockDuration = TimeSpan.FromSeconds(30) });

    private Task SendAsync(string body, string session)
    {
        var message = TestBroker.Text(body);
        message.Properties.GroupId = session;
        return _bus.SendAsync("q", message);
    }

    private CollectingReceiver Ask(string? id)
    {
        var receiver = new CollectingReceiver(delete: false);
        Mailbox.RequestSession(receiver, id, Now + 10_000);
        return receiver;
    }

    private async Task<CollectingReceiver> AcceptAsync(string? id)
    {
        var receiver = Ask(id);
        await receiver.GrantedAsync();
        Mailbox.SetCredit(receiver, 0, 100, drain: false);
        return receiver;
    }
}
