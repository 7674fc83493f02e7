// Client and emulator together: the life of messages.
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class EmulatorMessageTests(EmulatorFixture emulator) : IClassFixture<EmulatorFixture>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Queue_DeletedAndMadeAgain_IsFoundByTheSameSender()
    {
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        await sender.SendMessageAsync(new ServiceBusMessage("before"));

        await emulator.Administration.DeleteQueueAsync(queue);
        var gone = await Assert.ThrowsAsync<ServiceBusException>(
            () => sender.SendMessageAsync(new ServiceBusMessage("meanwhile")));
        Assert.Equal(ServiceBusFailureReason.MessagingEntityNotFound, gone.Reason);
        await emulator.Administration.CreateQueueAsync(queue);
        await sender.SendMessageAsync(new ServiceBusMessage("after"));

        await using var receiver = emulator.Client.CreateReceiver(queue);
        Assert.Equal("after", (await receiver.ReceiveMessageAsync(Long))!.Body.ToString());
    }

    [Fact]
    public async Task Message_AllProperties_ComeBack()
    {
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        await using var receiver = emulator.Client.CreateReceiver(queue);
        var sent = new ServiceBusMessage("body")
        {
            MessageId = "id",
            ContentType = "text/plain",
            CorrelationId = "correlation",
            Subject = "subject",
            To = "to",
            ReplyTo = "reply",
            ReplyToSessionId = "reply-session",
            PartitionKey = "key",
            TimeToLive = TimeSpan.FromMinutes(10),
            ApplicationProperties = { ["a"] = 1, ["b"] = "two", ["c"] = TimeSpan.FromSeconds(3) },
        };
        await sender.SendMessageAsync(sent);

        var received = (await receiver.ReceiveMessageAsync(Long))!;
        Assert.Equal("body", received.Body.ToString());
        Assert.Equal("id", received.MessageId);
        Assert.Equal("text/plain", received.ContentType);
        Assert.Equal("correlation", received.CorrelationId);
        Assert.Equal("subject", received.Subject);
        Assert.Equal("to", received.To);
        Assert.Equal("reply", received.ReplyTo);
        Assert.Equal("reply-session", received.ReplyToSessionId);
        Assert.Equal("key", received.PartitionKey);
        Assert.Equal(TimeSpan.FromMinutes(10), received.TimeToLive);
        Assert.Equal(sent.ApplicationProperties, received.ApplicationProperties.ToDictionary());
        Assert.Equal(1, received.DeliveryCount);
        Assert.True(received.SequenceNumber > 0);
        Assert.Equal(ServiceBusMessageState.Active, received.State);
        Assert.InRange(received.ExpiresAt - received.EnqueuedTime, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(11));
        Assert.InRange(
            received.EnqueuedTime, TimeProvider.System.GetUtcNow() - Long, TimeProvider.System.GetUtcNow() + Long);
        await receiver.CompleteMessageAsync(received);
    }

    [Fact]
    public async Task Message_WithoutId_GetsOne()
    {
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        await using var receiver = emulator.Client.CreateReceiver(queue);
        await sender.SendMessageAsync(new("x"));
        Assert.NotEqual("", (await receiver.ReceiveMessageAsync(Long))!.MessageId);
    }

    [Fact]
    public async Task DeadLetter_IsFoundInTheSubQueueWithItsReason()
    {
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        await using var receiver = emulator.Client.CreateReceiver(queue);
        await using var dead = emulator.Client.CreateReceiver(
            queue, new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        await sender.SendMessageAsync(new("x"));
        await receiver.DeadLetterMessageAsync((await receiver.ReceiveMessageAsync(Long))!, "reason", "description");

        var message = (await dead.ReceiveMessageAsync(Long))!;
        Assert.Equal("reason", message.DeadLetterReason);
        Assert.Equal("description", message.DeadLetterErrorDescription);
        await dead.CompleteMessageAsync(message);
        Assert.Null(await dead.PeekMessageAsync());
    }

    [Fact]
    public async Task Abandon_ModifiedProperties_ComeBackChanged()
    {
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        await using var receiver = emulator.Client.CreateReceiver(queue);
        await sender.SendMessageAsync(new("x"));
        await receiver.AbandonMessageAsync(
            (await receiver.ReceiveMessageAsync(Long))!, new Dictionary<string, object> { ["tries"] = 1 });
        var again = (await receiver.ReceiveMessageAsync(Long))!;
        Assert.Equal(2, again.DeliveryCount);
        Assert.Equal(1, again.ApplicationProperties["tries"]);
    }

    [Fact]
    public async Task Defer_IsReceivedByNumberAndCompletedByToken()
    {
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        await using var receiver = emulator.Client.CreateReceiver(queue);
        await sender.SendMessageAsync(new("x"));
        var message = (await receiver.ReceiveMessageAsync(Long))!;
        await receiver.DeferMessageAsync(message);
        Assert.Null(await receiver.ReceiveMessageAsync(Short));

        var deferred = await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber);
        Assert.Equal("x", deferred.Body.ToString());
        await receiver.CompleteMessageAsync(deferred);
        await Assert.ThrowsAsync<ServiceBusException>(() => receiver.RenewMessageLockAsync(deferred));
        Assert.Null(await receiver.PeekMessageAsync(0));
    }

    [Fact]
    public async Task Complete_AfterTheLockRanOut_IsToldSo()
    {
        var queue = await emulator.AddQueueAsync(options => options.LockDuration = TimeSpan.FromSeconds(5));
        await using var sender = emulator.Client.CreateSender(queue);
        await using var first = emulator.Client.CreateReceiver(queue);
        await using var second = emulator.Client.CreateReceiver(queue);
        await sender.SendMessageAsync(new("x"));
        var message = (await first.ReceiveMessageAsync(Long))!;
        var again = (await second.ReceiveMessageAsync(Long))!;
        Assert.Equal(2, again.DeliveryCount);

        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => first.CompleteMessageAsync(message));
        Assert.Equal(ServiceBusFailureReason.MessageLockLost, exception.Reason);
        await second.CompleteMessageAsync(again);
    }

    [Fact]
    public async Task RenewLock_KeepsTheMessage()
    {
        var queue = await emulator.AddQueueAsync(options => options.LockDuration = TimeSpan.FromSeconds(30));
        await using var sender = emulator.Client.CreateSender(queue);
        await using var receiver = emulator.Client.CreateReceiver(queue);
        await sender.SendMessageAsync(new("x"));
        var message = (await receiver.ReceiveMessageAsync(Long))!;
        var before = message.LockedUntil;
        await Eventually.True(
            async () =>
            {
                await receiver.RenewMessageLockAsync(message);
                return message.LockedUntil > before;
            },
            "the lock moves on");
        await receiver.CompleteMessageAsync(message);
    }

    [Fact]
    public async Task Scheduled_ByAnnotationOrRequest_WaitsAndCanBeCancelled()
    {
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        await using var receiver = emulator.Client.CreateReceiver(queue);
        var later = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1);
        await sender.SendMessageAsync(new("annotated") { ScheduledEnqueueTime = later });
        var number = await sender.ScheduleMessageAsync(new("requested"), later);
        Assert.Null(await receiver.ReceiveMessageAsync(Short));
        var peeked = await receiver.PeekMessagesAsync(10);
        Assert.Equal(2, peeked.Count);
        Assert.All(peeked, message => Assert.Equal(ServiceBusMessageState.Scheduled, message.State));

        await sender.CancelScheduledMessageAsync(number);
        await sender.SendMessageAsync(
            new("soon") { ScheduledEnqueueTime = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1) });
        Assert.Equal("soon", (await receiver.ReceiveMessageAsync(Long))!.Body.ToString());
    }

    [Fact]
    public async Task Peek_LooksFurtherEachTimeAndTakesNothing()
    {
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        await using var receiver = emulator.Client.CreateReceiver(queue);
        await sender.SendMessagesAsync([new("1"), new("2"), new("3")]);
        Assert.Equal("1", (await receiver.PeekMessageAsync())!.Body.ToString());
        Assert.Equal(["2", "3"], (await receiver.PeekMessagesAsync(5)).Select(message => message.Body.ToString()));
        Assert.Empty(await receiver.PeekMessagesAsync(5));
        Assert.Equal(3, (await receiver.ReceiveMessagesAsync(3, Long)).Count);
    }

    [Fact]
    public async Task Topic_RuleWithAction_CopiesWhatMatches()
    {
        var topic = $"topic-{Guid.NewGuid():N}";
        await emulator.Administration.CreateTopicAsync(topic);
        var filter = new CorrelationRuleFilter { ApplicationProperties = { ["type"] = "order" } };
        await emulator.Administration.CreateSubscriptionAsync(
            new CreateSubscriptionOptions(topic, "orders"),
            new CreateRuleOptions("egress", filter) { Action = new SqlRuleAction("SET eventing_egress = 'uid'") });
        await using var sender = emulator.Client.CreateSender(topic);
        await using var receiver = emulator.Client.CreateReceiver(topic, "orders");
        await sender.SendMessageAsync(new("no") { ApplicationProperties = { ["type"] = "Order" } });
        await sender.SendMessageAsync(new("yes") { ApplicationProperties = { ["type"] = "order" } });

        var message = (await receiver.ReceiveMessageAsync(Long))!;
        Assert.Equal("yes", message.Body.ToString());
        Assert.Equal("uid", message.ApplicationProperties["eventing_egress"]);
        await receiver.CompleteMessageAsync(message);
        Assert.Null(await receiver.ReceiveMessageAsync(Short));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    public async Task TwoReceivers_NeitherStalls(int prefetch)
    {
        const int count = 600;
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        var received = 0;
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var receiving = Enumerable.Range(0, 2).Select(async index =>
        {
            await using var receiver = emulator.Client.CreateReceiver(
                queue, new ServiceBusReceiverOptions { PrefetchCount = prefetch });
            while (Volatile.Read(ref received) < count && !late.IsCancellationRequested)
            {
                var messages = await receiver.ReceiveMessagesAsync(index == 0 ? 1 : 50, Short);
                await Task.WhenAll(messages.Select(message => receiver.CompleteMessageAsync(message)));
                Interlocked.Add(ref received, messages.Count);
            }
        }).ToArray();
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => sender.SendMessageAsync(new($"{i}"))));
        await Task.WhenAll(receiving);
        Assert.Equal(count, received);
    }

    [Fact]
    public async Task Processor_ManyAtOnce_HandlesEachOnce()
    {
        const int count = 1000;
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        var errors = new System.Collections.Concurrent.ConcurrentQueue<Exception>();
        await using var processor = emulator.Client.CreateProcessor(
            queue, new ServiceBusProcessorOptions { MaxConcurrentCalls = 256 });
        processor.ProcessMessageAsync += args =>
        {
            seen.AddOrUpdate(args.Message.Body.ToString(), 1, (_, n) => n + 1);
            return Task.CompletedTask;
        };
        processor.ProcessErrorAsync += args =>
        {
            errors.Enqueue(args.Exception);
            return Task.CompletedTask;
        };
        await processor.StartProcessingAsync();
        for (var i = 0; i < count; i += 100)
        {
            await sender.SendMessagesAsync(Enumerable.Range(i, 100).Select(n => new ServiceBusMessage($"{n}")));
        }

        await Eventually.True(() => seen.Count == count, "all are handled");
        await processor.StopProcessingAsync();
        Assert.All(seen.Values, times => Assert.Equal(1, times));
        Assert.Empty(errors);
        await using var receiver = emulator.Client.CreateReceiver(queue);
        Assert.Null(await receiver.PeekMessageAsync());
    }
}
