// Processing: how many at once, what becomes of each message, and going on through everything.
using System.Collections.Concurrent;
using Amqp.Framing;
using ServerlessEventing.ServiceBus.Tests.Broker;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class ProcessorTests : IAsyncDisposable
{
    private readonly TestBroker broker = new();
    private readonly ServiceBusClient client;
    private readonly TestQueue queue;
    private readonly ConcurrentQueue<ProcessErrorEventArgs> errors = new();

    public ProcessorTests()
    {
        queue = broker.AddManagedQueue("orders");
        client = new(broker.ConnectionString, new()
        {
            RetryOptions = new() { Delay = TimeSpan.FromMilliseconds(50), MaxDelay = TimeSpan.FromMilliseconds(200) },
        });
    }

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        broker.Dispose();
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(8, 0)]
    [InlineData(8, 20)]
    public async Task MaxConcurrentCalls_IsReachedAndNeverExceeded(int calls, int prefetch)
    {
        Fill(100);
        var running = 0;
        var most = 0;
        var handled = 0;
        await using var processor = Start(new() { MaxConcurrentCalls = calls, PrefetchCount = prefetch }, async args =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            await Eventually.True(
                () => Volatile.Read(ref most) == calls || Volatile.Read(ref handled) > 0, "others run beside this");
            Interlocked.Decrement(ref running);
            Interlocked.Increment(ref handled);
        });

        await Eventually.True(() => queue.Count == 0, "all are done");
        Assert.Equal(100, handled);
        Assert.Equal(calls, most);
        Assert.Empty(errors);
    }

    [Fact]
    public async Task HandlerReturns_MessageIsCompleted()
    {
        Fill(1);
        await using var processor = Start(new(), _ => Task.CompletedTask);
        await Eventually.True(() => queue.Count == 0, "it is completed");
        Assert.IsType<Accepted>(Assert.Single(queue.Outcomes));
    }

    [Fact]
    public async Task HandlerThrows_MessageIsAbandonedAndToldOf()
    {
        Fill(1);
        var tries = 0;
        await using var processor = Start(new(), _ => ++tries < 3
            ? throw new InvalidOperationException("not yet")
            : Task.CompletedTask);
        await Eventually.True(() => queue.Count == 0, "the third try succeeds");
        Assert.Equal(2, queue.Outcomes.Count(outcome => outcome is Modified));
        Assert.Equal(2, errors.Count);
        Assert.All(errors, error => Assert.Equal(ServiceBusErrorSource.ProcessMessageCallback, error.ErrorSource));
    }

    [Fact]
    public async Task AutoCompleteOff_HandlerSettles()
    {
        Fill(1);
        await using var processor = Start(new() { AutoCompleteMessages = false }, args =>
            args.DeadLetterMessageAsync(args.Message, "reason"));
        await Eventually.True(() => queue.Outcomes.Count == 1, "it is settled");
        Assert.IsType<Rejected>(queue.Outcomes[0]);
    }

    [Fact]
    public async Task SlowHandler_LockIsRenewed()
    {
        queue.LockDuration = TimeSpan.FromSeconds(4);
        Fill(1);
        await using var processor = Start(new(), _ =>
            Eventually.True(() => queue.Renewals >= 2, "the lock is renewed twice"));
        await Eventually.True(() => queue.Count == 0, "it is completed");
        Assert.IsType<Accepted>(Assert.Single(queue.Outcomes));
        Assert.Empty(errors);
    }

    [Fact]
    public async Task Stop_WaitsForHandlersAndLeavesTheRest()
    {
        Fill(10);
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        await using var processor = Start(new() { MaxConcurrentCalls = 1, PrefetchCount = 5 }, async _ =>
        {
            entered.TrySetResult();
            await leave.Task;
        });
        await entered.Task;
        var stopping = processor.StopProcessingAsync();
        Assert.False(stopping.IsCompleted);
        leave.SetResult();
        await stopping;

        Assert.False(processor.IsProcessing);
        await Eventually.True(() => queue is { Count: 9, LockedCount: 0 }, "one is done, nine are back");
        await processor.StartProcessingAsync();
        await Eventually.True(() => queue.Count == 0, "it can be started again");
    }

    [Fact]
    public async Task BrokerRestarts_ProcessorGoesOn()
    {
        var handled = new ConcurrentDictionary<string, int>();
        await using var processor = Start(new() { MaxConcurrentCalls = 16 }, args =>
        {
            handled.AddOrUpdate(args.Message.Body.ToString(), 1, (_, n) => n + 1);
            return Task.CompletedTask;
        });
        for (var round = 0; round < 3; round++)
        {
            Fill(50, $"{round}-");
            await Eventually.True(() => handled.Count == 50 * (round + 1), $"round {round} is done");
            broker.Stop();
            broker.Start();
        }

        Fill(1, "last");
        await Eventually.True(() => handled.ContainsKey("last0"), "it still receives");
        Assert.Contains(errors, error => error.ErrorSource == ServiceBusErrorSource.Receive);
    }

    [Fact]
    public async Task QueueMissing_IsToldAndTriedUntilItIsThere()
    {
        await using var processor = client.CreateProcessor("later");
        var handled = 0;
        processor.ProcessMessageAsync += _ =>
        {
            handled++;
            return Task.CompletedTask;
        };
        processor.ProcessErrorAsync += Remember;
        await processor.StartProcessingAsync();
        await Eventually.True(() => !errors.IsEmpty, "it says what is wrong");
        Assert.Equal(
            ServiceBusFailureReason.MessagingEntityNotFound,
            Assert.IsType<ServiceBusException>(errors.First().Exception).Reason);
        broker.AddQueue("later").Enqueue(new Amqp.Message("x"));
        await Eventually.True(() => handled == 1, "the queue has come");
    }

    [Fact]
    public async Task Start_WithoutHandlers_SaysSo()
    {
        await using var processor = client.CreateProcessor("orders");
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => processor.StartProcessingAsync());
        Assert.Contains("ProcessMessageAsync", exception.Message, StringComparison.Ordinal);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
        {
            if (Interlocked.CompareExchange(ref target, value, seen) == seen)
            {
                return;
            }
        }
    }

    private void Fill(int count, string prefix = "")
    {
        for (var i = 0; i < count; i++)
        {
            queue.Enqueue(new Amqp.Message($"{prefix}{i}"));
        }
    }

    private ServiceBusProcessor Start(ServiceBusProcessorOptions options, Func<ProcessMessageEventArgs, Task> handler)
    {
        var processor = client.CreateProcessor("orders", options);
        processor.ProcessMessageAsync += handler;
        processor.ProcessErrorAsync += Remember;
        _ = processor.StartProcessingAsync();
        return processor;
    }

    private Task Remember(ProcessErrorEventArgs args)
    {
        errors.Enqueue(args);
        return Task.CompletedTask;
    }
}
