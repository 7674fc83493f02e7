// Takes parts of the house away while events are under way: none is lost, and no subscriber is called needlessly.
using System.Net;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class HostDoorOutageTests(HostHouse house) : OutageTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorOutageTests(PumpHouse house) : OutageTests(house), IClassFixture<PumpHouse>;

public abstract class OutageTests(FunctionsHouse house)
{
    private const int PoisonAfter = 20;

    [Fact]
    public async Task Functions_Restart_QueuedEventsAreDeliveredOnce()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address);
        string[] ids = [.. Enumerable.Range(10, 20).Select(n => $"e{n}")];

        await house.StopAsync();
        foreach (var id in ids)
        {
            await house.Bus.PublishAsync(FunctionsHouse.Topic(broker), id);
        }

        await house.StartAsync();
        await Eventually.True(() => subscriber.Received.Count >= ids.Length, "every event arrives");
        Assert.Equal(ids, subscriber.Received.Select(r => r.Attribute("id")).Order());
    }

    [Fact]
    public async Task Table_ChangesWhileEventsAreQueued_OnlyTheNewTableCounts()
    {
        await using var moved = await Subscriber.StartAsync();
        await using var others = await Subscriber.StartAsync();
        await using var fence = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var moves = await house.AddTriggerAsync(broker, others.Address);
        var deleted = await house.AddTriggerAsync(broker, others.Address);
        var draining = await house.AddTriggerAsync(broker, others.Address);
        await house.AddTriggerAsync(broker, fence.Address);

        await house.StopAsync();
        await house.Bus.PublishAsync(FunctionsHouse.Topic(broker), "e1");
        await house.ChangeAsync(moves with { Destination = new() { Uri = moved.Address.ToString() } });
        await house.ChangeAsync(draining with { State = EgressState.Draining });
        await house.RemoveAsync(deleted);
        await house.StartAsync();

        await Eventually.True(
            () => moved.Received.Count == 1 && fence.Received.Count == 1, "the event arrives by the new table");
        await Eventually.True(() => house.Bus.IsEmptyAsync(EntityNames.TriggersLane), "the lane is worked off");
        Assert.Empty(others.Received);
        Assert.Empty(await house.Bus.DeadLettersOfAsync(deleted.Uid));
        Assert.Empty(await house.Bus.DeadLettersOfAsync(draining.Uid));
    }

    [Fact]
    public async Task Message_HandedOutTooOften_IsPoisonAndNotPosted()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address);

        await house.StopAsync();
        await house.Bus.PublishAsync(FunctionsHouse.Topic(broker), "e1");
        await using (var receiver = house.Bus.Client.CreateReceiver(EntityNames.TriggersLane))
        {
            for (var i = 0; i < PoisonAfter; i++)
            {
                var message = await receiver.ReceiveMessageAsync(Eventually.DefaultDeadline);
                await receiver.AbandonMessageAsync(message!);
            }
        }

        await house.StartAsync();
        await Eventually.True(
            async () => (await house.Bus.DeadLettersOfAsync(egress.Uid)).Count == 1, "the dead letter");
        var letter = (await house.Bus.DeadLettersOfAsync(egress.Uid))[0];
        Assert.Equal(DeadLetterReason.Poison, letter.ApplicationProperties[MessageProperties.DeadLetterReason]);
        Assert.Empty(subscriber.Received);
    }

    [Fact]
    public async Task RetriesQueue_IsGone_StepIsHeldAndTheSubscriberNotCalledAgain()
    {
        await using var subscriber = await Subscriber.StartAsync(503, 200);
        await using var fence = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address, e => e with { Delivery = Later });
        await house.AddTriggerAsync(broker, fence.Address);

        await house.Bus.Administration.DeleteQueueAsync(EntityNames.Retries(EntityNames.TriggersLane));
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => subscriber.Received.Count == 1 && fence.Received.Count == 1, "the first try");
        await house.Bus.AddRetriesAsync(EntityNames.TriggersLane);

        await Eventually.True(() => subscriber.Received.Count == 2, "the second try");
        await Eventually.True(() => house.Bus.IsEmptyAsync(EntityNames.TriggersLane), "the lane is worked off");
        Assert.Equal(2, subscriber.Received.Count);
    }

    [Fact]
    public async Task Bus_GoesDownAndComesBack_Answers503AndLosesNothing()
    {
        var down = new TaskCompletionSource();
        await using var subscriber = await Subscriber.StartAsync(async (context, number) =>
        {
            await down.Task;
            context.Response.StatusCode = number == 1 ? 503 : 200;
        });
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address, e => e with { Delivery = Later });
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => subscriber.Received.Count == 1, "the first try");

        await house.Bus.StopAsync();
        down.SetResult();
        using (var refused = await house.Http.SendAsync(house.Request($"ns/{broker}", "e2")))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        await house.Bus.StartAgainAsync();
        await Eventually.True(
            async () => await house.SendAsync(broker, "e3") == HttpStatusCode.Accepted, "events are taken again");
        await Eventually.True(
            () => subscriber.Received.Count(r => r.Attribute("id") == "e1") >= 2
                && subscriber.Received.Any(r => r.Attribute("id") == "e3"),
            "both events arrive",
            TimeSpan.FromMinutes(1));
        Assert.Empty(await house.Bus.DeadLettersOfAsync(egress.Uid));

        // One more at most: the lock that was lost, beside the step that was held.
        Assert.InRange(subscriber.Received.Count(r => r.Attribute("id") == "e1"), 2, 3);
    }

    private static Contract.Routing.Delivery Later => new()
    {
        Retry = 3,
        BackoffDelay = TimeSpan.FromSeconds(2.5),
        Timeout = TimeSpan.FromSeconds(25),
    };
}
