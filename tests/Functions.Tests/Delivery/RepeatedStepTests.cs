// A host dies between the handler's answer and completing the message: the step that is repeated counts once.
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

/// <summary>
/// The message comes again and its subscriber is called again; what is then published is the same step with the same
/// id, and the bus drops it.
/// </summary>
public sealed class RepeatedStepTests(HostHouse house) : IClassFixture<HostHouse>
{
    private const int Events = 10;
    private readonly ConcurrentDictionary<string, int> calls = new();

    [Fact]
    public async Task Retry_PublishedAgainAfterACrash_IsDroppedAndTheEventTriedOnce()
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
        {
            // The call, and the same call again after the crash.
            context.Response.StatusCode = CallOf(context) <= 2 ? 503 : 200;
            return Task.CompletedTask;
        });
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address, e => e with
        {
            Delivery = new() { Retry = 3, BackoffDelay = TimeSpan.FromSeconds(3) },
        });
        var before = house.Bus.DuplicatesDropped;
        house.Forgets = message => message.DeliveryCount == 1
            && !message.ApplicationProperties.ContainsKey(MessageProperties.Attempt);

        await SendAsync(broker);

        await Eventually.True(() => subscriber.Received.Count >= 3 * Events, "the retries arrive");
        await Eventually.True(() => house.Bus.IsEmptyAsync(EntityNames.TriggersLane), "the lane is worked off");
        Assert.Equal(Events, house.Bus.DuplicatesDropped - before);
        Assert.All(calls, call => Assert.Equal(3, call.Value));
        Assert.Empty(await house.Bus.DeadLettersOfAsync(egress.Uid));
    }

    [Fact]
    public async Task Reply_PublishedAgainAfterACrash_IsDroppedAndArrivesOnce()
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
        {
            CallOf(context);
            return Subscriber.ReplyAsync(context, "com.example.Reply");
        });
        await using var replies = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var asks = await house.AddTriggerAsync(
            broker, subscriber.Address, e => e with { Filters = FunctionsHouse.TypeIs("com.example.FullEvent") });
        await house.AddTriggerAsync(
            broker, replies.Address, e => e with { Filters = FunctionsHouse.TypeIs("com.example.Reply") });
        var before = house.Bus.DuplicatesDropped;
        house.Forgets = message => message.DeliveryCount == 1
            && Equals(message.ApplicationProperties[MessageProperties.Egress], asks.Uid)
            && Equals(message.ApplicationProperties["cloudEvents_type"], "com.example.FullEvent");

        await SendAsync(broker);

        await Eventually.True(() => subscriber.Received.Count >= 2 * Events, "each event arrives again");
        await Eventually.True(() => replies.Received.Count >= Events, "the replies arrive");
        await Eventually.True(() => house.Bus.IsEmptyAsync(EntityNames.TriggersLane), "the lane is worked off");
        Assert.Equal(Events, house.Bus.DuplicatesDropped - before);
        Assert.All(calls, call => Assert.Equal(2, call.Value));
        Assert.Equal(Events, replies.Received.Count);
    }

    private int CallOf(HttpContext context) =>
        calls.AddOrUpdate(context.Request.Headers["ce-id"].ToString(), 1, (_, count) => count + 1);

    private async Task SendAsync(string broker)
    {
        for (var n = 0; n < Events; n++)
        {
            await house.SendAsync(broker, $"e{n}");
        }
    }
}
