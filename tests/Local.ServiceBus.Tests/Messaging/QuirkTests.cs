// Azure's quirks: each does what it says, and none does anything unless asked for.
using Amqp.Framing;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Messaging;

/// <summary>The engine alone, on disk, with its clock in the test's hand.</summary>
public sealed class QuirkTests
{
    private static readonly AzureQuirks None = new()
    {
        RuleOverlap = TimeSpan.Zero,
        ScheduleError = TimeSpan.Zero,
        ForwardLag = TimeSpan.Zero,
        ThrottledShare = 0,
    };

    [Fact]
    public async Task Rule_Changed_BothVersionsMatchForAMoment()
    {
        using var bus = new TestBroker(None with { RuleOverlap = TimeSpan.FromMilliseconds(200) });
        await bus.TopicAsync("t");
        await bus.SubscriptionAsync(
            new SubscriptionDescription { Topic = "t", Name = "s" }, TestBroker.Sql("r", "sys.MessageId = 'old'"));

        Assert.Null(await bus.Broker.Administration.UpdateRuleAsync(
            "t", "s", TestBroker.Sql("r", "sys.MessageId = 'new'"), CancellationToken.None));
        await bus.SendAsync("t", TestBroker.Text("old"));
        await bus.SendAsync("t", TestBroker.Text("new"));
        Assert.Equal(2, bus.Count("t/Subscriptions/s"));

        bus.Pass(TimeSpan.FromSeconds(1));
        await Eventually.True(
            async () =>
            {
                var before = bus.Count("t/Subscriptions/s");
                await bus.SendAsync("t", TestBroker.Text("old"));
                return bus.Count("t/Subscriptions/s") == before;
            },
            "the old version matches no more");
        Assert.Equal(1, bus.Broker.Counters.Quirks(Quirk.RuleOverlap));
    }

    [Fact]
    public async Task ScheduledMessages_ComeWithinTheErrorAndNotAllOnTime()
    {
        using var bus = new TestBroker(None with { ScheduleError = TimeSpan.FromSeconds(2) });
        await bus.QueueAsync(new QueueDescription { Name = "q" });
        var due = bus.Time.GetUtcNow().AddSeconds(10).UtcDateTime;
        for (var number = 0; number < 20; number++)
        {
            var message = TestBroker.Text($"{number}");
            message.MessageAnnotations = new MessageAnnotations
            {
                [new Symbol("x-opt-scheduled-enqueue-time")] = due,
            };
            await bus.SendAsync("q", message);
        }

        var receiver = bus.Receive("q");
        bus.Pass(TimeSpan.FromSeconds(7));
        Assert.Empty(receiver.Got);
        bus.Pass(TimeSpan.FromSeconds(2.8));
        await Eventually.True(() => receiver.Got.Length > 0, "some come early");
        Assert.True(receiver.Got.Length < 20);
        bus.Pass(TimeSpan.FromSeconds(3));
        await receiver.ExpectAsync(20);
        Assert.Equal(20, bus.Broker.Counters.Quirks(Quirk.ScheduleError));
    }

    [Fact]
    public async Task ForwardedMessages_LagAndAllArrive()
    {
        using var bus = new TestBroker(None with { ForwardLag = TimeSpan.FromMilliseconds(500) });
        await bus.QueueAsync(new QueueDescription { Name = "to" });
        await bus.QueueAsync(new QueueDescription { Name = "from", ForwardTo = "to" });
        var receiver = bus.Receive("to");
        for (var number = 0; number < 10; number++)
        {
            await bus.SendAsync("from", TestBroker.Text($"{number}"));
        }

        Assert.True(receiver.Got.Length < 10);
        bus.Pass(TimeSpan.FromSeconds(1));

        await receiver.ExpectAsync(10);
        Assert.True(bus.Broker.Counters.Quirks(Quirk.ForwardLag) > 0);
    }

    [Fact]
    public async Task Throttling_WithOneSeed_RefusesTheSameSends()
    {
        var first = await SendManyAsync();
        var second = await SendManyAsync();

        Assert.Equal(first, second);
        Assert.Contains(true, first);
        Assert.Contains(false, first);
    }

    private static async Task<bool[]> SendManyAsync()
    {
        using var bus = new TestBroker(None with { ThrottledShare = 0.3, Seed = 7 });
        await bus.QueueAsync(new QueueDescription { Name = "q" });
        var accepted = new List<bool>();
        for (var number = 0; number < 30; number++)
        {
            var error = await bus.TrySendAsync("q", TestBroker.Text($"{number}"));
            Assert.True(error is null || error == BrokerError.Throttled);
            accepted.Add(error is null);
        }

        Assert.Equal(accepted.Count(one => !one), bus.Broker.Counters.Quirks(Quirk.Throttling));
        return [.. accepted];
    }
}
