// The pump door told to stop: what it holds is finished, and nothing new is taken.
using System.Net;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Doors;

public sealed class PumpStopTests(PumpHouse house) : IClassFixture<PumpHouse>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_FinishesTheDeliveryUnderWay_AndTakesNothingNew(bool ordered)
    {
        const string Group = "ns/stopped";
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
            release.Task.WaitAsync(context.RequestAborted));
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddDedicatedAsync(broker, subscriber.Address, Group, ordered);
        await using var functions = await house.StartGroupAsync(Group);
        Assert.Equal(HttpStatusCode.Accepted, await house.SendAsync(broker, "held"));
        await Eventually.True(() => subscriber.Received.Count == 1, "the delivery is under way");

        await functions.TerminateAsync();
        await Eventually.Passes(() =>
            Assert.ThrowsAsync<HttpRequestException>(() => functions.GenerationAsync()));
        Assert.Equal(HttpStatusCode.Accepted, await house.SendAsync(broker, "later"));
        release.SetResult();

        Assert.Equal(0, await functions.ExitAsync());
        // The one is done and not handed out again; the other waits for whoever comes.
        Assert.Single(subscriber.Received);
        await Eventually.True(async () => await house.Bus.CountAsync(egress.Dedicated!) == 1, "one waits");
        await using var next = await house.StartGroupAsync(Group);
        await Eventually.True(() => subscriber.Received.Count == 2, "it comes");
        Assert.Equal("later", subscriber.Received[1].Attribute("id"));
    }
}
