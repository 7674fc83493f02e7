// A deployment of its own serves exactly the egresses of its group, straight from their bus subscriptions.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class DedicatedTests(PumpHouse house) : IClassFixture<PumpHouse>
{
    private const string Group = "ns/dedicated";

    private static readonly Contract.Routing.Delivery Later = new()
    {
        Retry = 1,
        BackoffDelay = TimeSpan.FromSeconds(2.5),
        Timeout = TimeSpan.FromSeconds(20),
    };

    [Fact]
    public async Task Dedicated_Event_IsDeliveredByItsGroupAndByNobodyElse()
    {
        await using var mine = await Subscriber.StartAsync();
        await using var others = await Subscriber.StartAsync();
        await using var shared = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddDedicatedAsync(broker, mine.Address, Group, change: OnlyType("mine"));
        var foreign = await house.AddDedicatedAsync(broker, others.Address, "ns/other");
        await house.AddTriggerAsync(broker, shared.Address);

        await house.SendAsync(broker, "e1", "mine");
        await house.SendAsync(broker, "e2", "other");
        await Eventually.True(() => shared.Received.Count == 2, "the shared lane is worked off");
        Assert.Empty(mine.Received);

        await using var functions = await house.StartGroupAsync(Group);
        await Eventually.True(() => mine.Received.Count == 1, "the group delivers what waited");
        Assert.Equal("e1", mine.Received[0].Attribute("id"));
        Assert.Empty(others.Received);
        Assert.Equal(2, await house.Bus.CountAsync(foreign.Dedicated!));
        Assert.Equal(2, shared.Received.Count);
    }

    [Fact]
    public async Task Dedicated_TableChanges_NewOnesAreServedAndThoseGoneAreNot()
    {
        await using var functions = await house.StartGroupAsync(Group);
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddDedicatedAsync(broker, subscriber.Address, Group);
        await house.SendAsync(broker, "e1");
        await Eventually.True(() => subscriber.Received.Count == 1, "an egress that came later is served");

        await house.ChangeAsync(egress with { State = EgressState.Draining });
        await Eventually.True(async () => await functions.GenerationAsync() == house.Generation, "the table is there");
        await house.SendAsync(broker, "e2");
        await Eventually.True(
            async () => await house.Bus.CountAsync(egress.Dedicated!) == 0, "what drains is taken away");

        await house.RemoveAsync(egress);
        await Eventually.True(
            () => functions.HasLogged($"Not receiving from {egress.Dedicated!.Topic}/"), "its receiver is closed");
        await house.ChangeAsync(egress with { Dedicated = egress.Dedicated! with { Group = "ns/other" } });
        await Eventually.True(async () => await functions.GenerationAsync() == house.Generation, "the table is there");
        await house.SendAsync(broker, "e3");
        Assert.Equal(1, await house.Bus.CountAsync(egress.Dedicated!));
        Assert.Equal("e1", Assert.Single(subscriber.Received).Attribute("id"));
    }

    [Fact]
    public async Task Dedicated_LongWait_IsSpentOnItsOwnRetriesQueue()
    {
        await using var functions = await house.StartGroupAsync(Group);
        await using var subscriber = await Subscriber.StartAsync(503, 200);
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddDedicatedAsync(
            broker, subscriber.Address, Group, change: e => e with { Delivery = Later });

        await house.SendAsync(broker, "e1");
        await Eventually.True(
            async () => subscriber.Received.Count == 2 || await house.Bus.IsWaitingAsync(egress.Lane), "it waits");
        await Eventually.True(() => subscriber.Received.Count == 2, "the second try");
        Assert.Equal("e1", subscriber.Received[1].Attribute("id"));
    }

    [Fact]
    public async Task Dedicated_GivenUp_ReplayGoesToItsOwnRetriesQueue()
    {
        await using var functions = await house.StartGroupAsync(Group);
        await using var subscriber = await Subscriber.StartAsync(400, 200);
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddDedicatedAsync(broker, subscriber.Address, Group);

        await house.SendAsync(broker, "e1");
        await Eventually.True(
            async () => (await house.Bus.DeadLettersOfAsync(egress.Uid)).Count == 1, "the dead letter");
        var letter = (await house.Bus.DeadLettersOfAsync(egress.Uid))[0];
        Assert.Equal(DeadLetterReason.DeliveryFailed, letter.ApplicationProperties[MessageProperties.DeadLetterReason]);
        Assert.Equal(EntityNames.Retries(egress.Lane), letter.ApplicationProperties[MessageProperties.Lane]);

        await house.Bus.ReplayAsync(letter, EntityNames.Retries(egress.Lane));
        await Eventually.True(() => subscriber.Received.Count == 2, "the replay arrives");
    }

    private static Func<Egress, Egress> OnlyType(string type) =>
        egress => egress with { Filters = FunctionsHouse.TypeIs(type) };
}
