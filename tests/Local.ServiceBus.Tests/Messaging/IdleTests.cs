// AutoDeleteOnIdle: what is unused goes, what is used stays.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Messaging;

/// <summary>The engine alone, on a clock of the test's own.</summary>
public sealed class IdleTests : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _moment = TimeSpan.FromSeconds(2);
    private readonly TestBroker _bus = new();

    public void Dispose() => _bus.Dispose();

    [Fact]
    public async Task Queue_IdleForItsTime_IsDeletedWithItsMessages()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "idle", AutoDeleteOnIdle = _limit });
        await _bus.QueueAsync(new QueueDescription { Name = "lasting" });
        await _bus.SendAsync("idle", TestBroker.Text("m"));
        _bus.Pass(_moment);
        _bus.Pass(_limit - TimeSpan.FromMinutes(1));
        Assert.NotNull(_bus.Broker.Topology.Find("idle"));

        _bus.Pass(TimeSpan.FromMinutes(2));

        await Eventually.True(() => _bus.Broker.Topology.Find("idle") is null, "the queue is deleted");
        Assert.NotNull(_bus.Broker.Topology.Find("lasting"));
        _bus.Restart();
        Assert.Null(_bus.Broker.Topology.Find("idle"));
    }

    [Fact]
    public async Task Queue_UsedOrReceivedFrom_Stays()
    {
        await _bus.QueueAsync(new QueueDescription { Name = "used", AutoDeleteOnIdle = _limit });
        await _bus.QueueAsync(new QueueDescription { Name = "watched", AutoDeleteOnIdle = _limit });
        await _bus.QueueAsync(new QueueDescription
        {
            Name = "forwarding", AutoDeleteOnIdle = _limit, ForwardTo = "watched",
        });
        _bus.Receive("watched");
        _bus.Pass(_moment);
        for (var time = 0; time < 3; time++)
        {
            _bus.Pass(_limit - TimeSpan.FromMinutes(1));
            await _bus.SendAsync("used", TestBroker.Text($"m{time}"));
        }

        Assert.All(["used", "watched", "forwarding"], name => Assert.NotNull(_bus.Broker.Topology.Find(name)));
    }

    [Fact]
    public async Task Topic_WithAUsedSubscription_StaysAndTheIdleOneGoes()
    {
        Assert.Null(await _bus.Broker.Administration.CreateAsync(
            new TopicDescription { Name = "t", AutoDeleteOnIdle = _limit }, CancellationToken.None));
        foreach (var name in (string[])["used", "idle"])
        {
            await _bus.SubscriptionAsync(
                new SubscriptionDescription { Topic = "t", Name = name, AutoDeleteOnIdle = _limit }, TestBroker.All());
        }

        _bus.Receive("t/Subscriptions/used");
        _bus.Pass(_moment);
        _bus.Pass(_limit + TimeSpan.FromMinutes(1));

        await Eventually.True(
            () => _bus.Broker.Topology.Find("t/Subscriptions/idle") is null, "the idle subscription is deleted");
        Assert.NotNull(_bus.Broker.Topology.Find("t/Subscriptions/used"));
        Assert.NotNull(_bus.Broker.Topology.Find("t"));
    }
}
