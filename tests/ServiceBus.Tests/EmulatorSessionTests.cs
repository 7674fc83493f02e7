// Session receivers against the emulator.
using ServerlessEventing.ServiceBus;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class EmulatorSessionTests(EmulatorFixture emulator) : IClassFixture<EmulatorFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Session_Accepted_GivesItsMessagesInOrder()
    {
        var queue = await AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        for (var number = 0; number < 6; number++)
        {
            await sender.SendMessageAsync(new($"{number}") { SessionId = number % 2 == 0 ? "even" : "odd" });
        }

        await using var receiver = await emulator.Client.AcceptSessionAsync(queue, "odd");
        var bodies = new List<string>();
        while (bodies.Count < 3)
        {
            foreach (var message in await receiver.ReceiveMessagesAsync(3, Patience))
            {
                bodies.Add(message.Body.ToString());
                Assert.Equal("odd", message.SessionId);
                await receiver.CompleteMessageAsync(message);
            }
        }

        Assert.Equal(["1", "3", "5"], bodies);
        Assert.Equal("odd", receiver.SessionId);
        Assert.True(receiver.SessionLockedUntil > TimeProvider.System.GetUtcNow());
        await using var next = await emulator.Client.AcceptNextSessionAsync(queue);
        Assert.Equal("even", next.SessionId);
    }

    [Fact]
    public async Task Session_HeldByAnother_CannotBeLocked()
    {
        var queue = await AddQueueAsync();
        await using var first = await emulator.Client.AcceptSessionAsync(queue, "s");

        var refused = await Assert.ThrowsAsync<ServiceBusException>(
            () => emulator.Client.AcceptSessionAsync(queue, "s"));

        Assert.Equal(ServiceBusFailureReason.SessionCannotBeLocked, refused.Reason);
    }

    [Fact]
    public async Task SessionState_Set_IsThereForTheNextReceiver()
    {
        var queue = await AddQueueAsync();
        await using (var first = await emulator.Client.AcceptSessionAsync(queue, "s"))
        {
            Assert.Null(await first.GetSessionStateAsync());
            await first.SetSessionStateAsync(BinaryData.FromString("step 2"));
            var before = first.SessionLockedUntil;
            await first.RenewSessionLockAsync();
            Assert.True(first.SessionLockedUntil >= before);
        }

        await using var second = await emulator.Client.AcceptSessionAsync(queue, "s");

        Assert.Equal("step 2", (await second.GetSessionStateAsync())?.ToString());
        await second.SetSessionStateAsync(null);
        Assert.Null(await second.GetSessionStateAsync());
    }

    [Fact]
    public async Task Session_LockExpired_IsLost()
    {
        var queue = await AddQueueAsync(TimeSpan.FromSeconds(5));
        await using var sender = emulator.Client.CreateSender(queue);
        await sender.SendMessageAsync(new("m") { SessionId = "s" });
        await using var receiver = await emulator.Client.AcceptSessionAsync(queue, "s");
        var message = await receiver.ReceiveMessageAsync(Patience);

        await Eventually.True(
            async () => (await Record.ExceptionAsync(
                () => receiver.ReceiveMessagesAsync(1, TimeSpan.FromMilliseconds(100))))
                is ServiceBusException { Reason: ServiceBusFailureReason.SessionLockLost },
            "the session is lost");

        var settled = await Assert.ThrowsAsync<ServiceBusException>(() => receiver.CompleteMessageAsync(message!));
        Assert.Equal(ServiceBusFailureReason.SessionLockLost, settled.Reason);
        await using var next = await emulator.Client.AcceptNextSessionAsync(queue);
        Assert.Equal(1, (await next.ReceiveMessageAsync(Patience))!.DeliveryCount - 1);
    }

    [Fact]
    public async Task NextSession_NotThereYet_IsWaitedFor()
    {
        var queue = await AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        var accepting = emulator.Client.AcceptNextSessionAsync(queue);

        await sender.SendMessageAsync(new("m") { SessionId = "late" });

        await using var receiver = await accepting;
        Assert.Equal("late", receiver.SessionId);
    }

    [Fact]
    public async Task Receiver_WithoutSession_OnASessionQueue_IsRefused()
    {
        var queue = await AddQueueAsync();
        await using var receiver = emulator.Client.CreateReceiver(queue);

        await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.ReceiveMessageAsync(Patience));
        var plain = await emulator.AddQueueAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => emulator.Client.AcceptNextSessionAsync(plain));
    }

    private Task<string> AddQueueAsync(TimeSpan? lockDuration = null) => emulator.AddQueueAsync(options =>
    {
        options.RequiresSession = true;
        options.LockDuration = lockDuration ?? TimeSpan.FromMinutes(1);
    });
}
