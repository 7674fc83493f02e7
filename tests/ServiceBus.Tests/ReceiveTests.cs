// Receiving and settling: credit, locks, values, and what happens when the broker goes away.
using Amqp.Framing;
using Amqp.Types;
using ServerlessEventing.ServiceBus.Tests.Broker;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class ReceiveTests : IAsyncDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    private readonly TestBroker broker = new();
    private readonly ServiceBusClient client;

    public ReceiveTests() => client = new(broker.ConnectionString, new()
    {
        RetryOptions = new() { Delay = TimeSpan.FromMilliseconds(50), MaxRetries = 20 },
    });

    public static TheoryData<object> Values => new()
    {
        "text", true, (byte)200, (sbyte)-5, (short)-300, (ushort)60_000, -70_000, 4_000_000_000u, -5_000_000_000L,
        10_000_000_000_000_000_000ul, 1.5f, 2.5d, 'x', Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"),
        new DateTime(2030, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc),
        new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero),
        TimeSpan.FromTicks(1234567), new Uri("https://example.org/a?b=c"), new byte[] { 1, 2, 3 },
    };

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        broker.Dispose();
    }

    [Theory]
    [MemberData(nameof(Values))]
    public async Task ApplicationProperty_OfEachType_ComesBackAsItWas(object value)
    {
        broker.AddQueue("orders");
        await using var sender = client.CreateSender("orders");
        await using var receiver = client.CreateReceiver("orders");
        var message = new ServiceBusMessage("x");
        message.ApplicationProperties["value"] = value;
        await sender.SendMessageAsync(message);

        var received = await receiver.ReceiveMessageAsync(Long);
        Assert.Equal(value, received!.ApplicationProperties["value"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(200_000)]
    [InlineData(1_500_000)]
    public async Task Body_OfEachSize_ComesBackAsItWas(int size)
    {
        broker.AddQueue("orders");
        broker.MaxMessageSize = 10_000_000;
        await using var sender = client.CreateSender("orders");
        await using var receiver = client.CreateReceiver("orders");
        var body = new byte[size];
        new Random(size).NextBytes(body);
        await sender.SendMessageAsync(new(body));

        var received = await receiver.ReceiveMessageAsync(Long);
        Assert.True(body.AsSpan().SequenceEqual(received!.Body.ToMemory().Span));
    }

    [Fact]
    public async Task Body_OfOtherClients_IsReadFromAmqpValue()
    {
        var queue = broker.AddQueue("orders");
        queue.Enqueue(new Amqp.Message("ü") { Properties = new() { MessageId = "1" } });
        queue.Enqueue(new Amqp.Message(new byte[] { 7 }) { Properties = new() { MessageId = "2" } });
        await using var receiver = client.CreateReceiver("orders");

        Assert.Equal("ü", (await receiver.ReceiveMessageAsync(Long))!.Body.ToString());
        Assert.Equal([7], (await receiver.ReceiveMessageAsync(Long))!.Body.ToArray());
    }

    [Fact]
    public async Task Complete_WithLock_RemovesTheMessage()
    {
        var queue = broker.AddQueue("orders");
        await using var sender = client.CreateSender("orders");
        await sender.SendMessageAsync(new("x") { TimeToLive = TimeSpan.FromMinutes(5) });
        await using var receiver = client.CreateReceiver("orders");
        var message = await receiver.ReceiveMessageAsync(Long);
        Assert.Equal(1, message!.DeliveryCount);
        Assert.Equal(1, message.SequenceNumber);
        Assert.NotEqual(Guid.Empty.ToString(), message.LockToken);
        Assert.True(message.LockedUntil > TimeProvider.System.GetUtcNow());
        await receiver.CompleteMessageAsync(message);

        Assert.Equal(0, queue.Count);
        Assert.IsType<Accepted>(Assert.Single(queue.Outcomes));
    }

    [Fact]
    public async Task Complete_LockLost_IsTold()
    {
        var queue = broker.AddQueue("orders");
        queue.Enqueue(new Amqp.Message("x"));
        await using var receiver = client.CreateReceiver("orders");
        var message = await receiver.ReceiveMessageAsync(Long);
        queue.LoseLocks();

        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => receiver.CompleteMessageAsync(message!));
        Assert.Equal(ServiceBusFailureReason.MessageLockLost, exception.Reason);
        Assert.Equal(1, queue.Count);
    }

    [Fact]
    public async Task Complete_Twice_IsRefusedTheSecondTime()
    {
        broker.AddQueue("orders").Enqueue(new Amqp.Message("x"));
        await using var receiver = client.CreateReceiver("orders");
        var message = await receiver.ReceiveMessageAsync(Long);
        await receiver.CompleteMessageAsync(message!);

        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => receiver.CompleteMessageAsync(message!));
        Assert.Equal(ServiceBusFailureReason.MessageLockLost, exception.Reason);
    }

    [Fact]
    public async Task Abandon_ComesAgainWithACountOfTwo()
    {
        var queue = broker.AddQueue("orders");
        queue.Enqueue(new Amqp.Message("x"));
        await using var receiver = client.CreateReceiver("orders");
        await receiver.AbandonMessageAsync(
            (await receiver.ReceiveMessageAsync(Long))!, new Dictionary<string, object> { ["why"] = "later" });

        Assert.Equal(2, (await receiver.ReceiveMessageAsync(Long))!.DeliveryCount);
        var outcome = Assert.IsType<Modified>(Assert.Single(queue.Outcomes));
        Assert.Equal("later", outcome.MessageAnnotations[new Symbol("why")]);
    }

    [Fact]
    public async Task DeadLetter_SaysWhy()
    {
        var queue = broker.AddQueue("orders");
        queue.Enqueue(new Amqp.Message("x"));
        await using var receiver = client.CreateReceiver("orders");
        await receiver.DeadLetterMessageAsync((await receiver.ReceiveMessageAsync(Long))!, "reason", "description");

        var error = Assert.IsType<Rejected>(Assert.Single(queue.Outcomes)).Error;
        Assert.Equal("com.microsoft:dead-letter", error.Condition.ToString());
        Assert.Equal("reason", error.Info[new Symbol("DeadLetterReason")]);
        Assert.Equal("description", error.Info[new Symbol("DeadLetterErrorDescription")]);
    }

    [Fact]
    public async Task Defer_MarksTheMessageUndeliverableHere()
    {
        var queue = broker.AddQueue("orders");
        queue.Enqueue(new Amqp.Message("x"));
        await using var receiver = client.CreateReceiver("orders");
        await receiver.DeferMessageAsync((await receiver.ReceiveMessageAsync(Long))!);
        Assert.True(Assert.IsType<Modified>(Assert.Single(queue.Outcomes)).UndeliverableHere);
    }

    [Fact]
    public async Task RenewLock_MovesLockedUntil()
    {
        var queue = broker.AddManagedQueue("orders");
        queue.Enqueue(new Amqp.Message("x"));
        await using var receiver = client.CreateReceiver("orders");
        var message = (await receiver.ReceiveMessageAsync(Long))!;
        queue.LockDuration = TimeSpan.FromHours(1);
        await receiver.RenewMessageLockAsync(message);
        Assert.True(message.LockedUntil > TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(50));

        queue.LoseLocks();
        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => receiver.RenewMessageLockAsync(message));
        Assert.Equal(ServiceBusFailureReason.MessageLockLost, exception.Reason);
    }

    [Fact]
    public async Task ReceiveAndDelete_LeavesNothingBehind()
    {
        var queue = broker.AddQueue("orders");
        queue.Enqueue(new Amqp.Message("x"));
        await using var receiver = client.CreateReceiver(
            "orders", new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        Assert.Equal("x", (await receiver.ReceiveMessageAsync(Long))!.Body.ToString());
    }

    [Fact]
    public async Task Receive_NothingThere_EndsInTimeAndTakesItsCreditBack()
    {
        var queue = broker.AddQueue("orders");
        await using var receiver = client.CreateReceiver("orders");
        Assert.Null(await receiver.ReceiveMessageAsync(Short));

        queue.Enqueue(new Amqp.Message("x"));
        Assert.Equal(0, queue.LockedCount);
        Assert.NotNull(await receiver.ReceiveMessageAsync(Long));
    }

    [Fact]
    public async Task Receive_Cancelled_LosesNothingAndGoesOn()
    {
        var queue = broker.AddQueue("orders");
        await using var receiver = client.CreateReceiver("orders");
        for (var round = 0; round < 5; round++)
        {
            using var cancel = new CancellationTokenSource(Short);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => receiver.ReceiveMessageAsync(Long, cancel.Token));
        }

        queue.Enqueue(new Amqp.Message("x"));
        Assert.NotNull(await receiver.ReceiveMessageAsync(Long));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(300)]
    public async Task Receive_TwoReceivers_NeitherStalls(int prefetch)
    {
        const int count = 2000;
        var queue = broker.AddQueue("orders");
        await using var sender = client.CreateSender("orders");
        var received = 0;
        using var done = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var receiving = Enumerable.Range(0, 2).Select(async index =>
        {
            await using var receiver = client.CreateReceiver(
                "orders", new ServiceBusReceiverOptions { PrefetchCount = prefetch });
            while (!done.IsCancellationRequested && Volatile.Read(ref received) < count)
            {
                var messages = await receiver.ReceiveMessagesAsync(index == 0 ? 1 : 50, Short);
                await Task.WhenAll(messages.Select(message => receiver.CompleteMessageAsync(message)));
                Interlocked.Add(ref received, messages.Count);
            }
        }).ToArray();
        for (var i = 0; i < count / 100; i++)
        {
            await sender.SendMessagesAsync(Enumerable.Range(0, 100).Select(_ => new ServiceBusMessage("x")));
        }

        await Task.WhenAll(receiving);
        Assert.Equal(count, received);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public async Task Receive_BrokerRestarts_TheSameReceiverGoesOn()
    {
        var queue = broker.AddQueue("orders");
        queue.Enqueue(new Amqp.Message("x"));
        await using var receiver = client.CreateReceiver("orders");
        var first = await receiver.ReceiveMessageAsync(Long);
        var waiting = receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(60));
        broker.Stop();
        broker.Start();

        var second = await waiting;
        Assert.Equal(first!.Body.ToString(), second!.Body.ToString());
        await receiver.CompleteMessageAsync(second);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public async Task Complete_LinkGoneButLockHeld_IsSettledByToken()
    {
        var queue = broker.AddManagedQueue("orders");
        queue.Enqueue(new Amqp.Message("x"));
        var receiver = client.CreateReceiver("orders");
        var message = await receiver.ReceiveMessageAsync(Long);
        await receiver.CloseAsync();
        await using var other = client.CreateReceiver("orders");
        await other.CompleteMessageAsync(message!);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public async Task Close_GivesPrefetchedMessagesBack()
    {
        var queue = broker.AddQueue("orders");
        for (var i = 0; i < 10; i++)
        {
            queue.Enqueue(new Amqp.Message($"{i}"));
        }

        var receiver = client.CreateReceiver("orders", new ServiceBusReceiverOptions { PrefetchCount = 10 });
        await receiver.CompleteMessageAsync((await receiver.ReceiveMessageAsync(Long))!);
        await Eventually.True(() => queue.LockedCount == 9, "the others are prefetched");
        await receiver.CloseAsync();
        await Eventually.True(() => queue is { LockedCount: 0, Count: 9 }, "they are back in the queue");
    }
}
