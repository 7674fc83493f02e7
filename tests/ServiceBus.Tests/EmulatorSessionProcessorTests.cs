// Session processors against the emulator: many sessions at once, order within each, and what ends a session.
using System.Collections.Concurrent;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class EmulatorSessionProcessorTests(EmulatorFixture emulator) : IClassFixture<EmulatorFixture>
{
    private readonly ConcurrentQueue<ProcessErrorEventArgs> errors = new();

    [Fact]
    public async Task Sessions_AreServedAtOnce_EachInOrder()
    {
        var queue = await AddQueueAsync();
        await FillAsync(queue, sessions: 6, messages: 15);
        var seen = new ConcurrentDictionary<string, ConcurrentQueue<string>>();
        var (inside, most, overlaps) = (new ConcurrentDictionary<string, bool>(), 0, 0);
        await using var processor = Create(queue, new() { MaxConcurrentSessions = 3 });
        processor.ProcessMessageAsync += async args =>
        {
            overlaps += inside.TryAdd(args.SessionId, true) ? 0 : 1;
            most = Math.Max(most, inside.Count);
            await Eventually.True(() => most > 1, "others run beside this");
            seen.GetOrAdd(args.SessionId, _ => new()).Enqueue(args.Message.Body.ToString());
            inside.TryRemove(args.SessionId, out _);
        };
        await processor.StartProcessingAsync();

        await Eventually.True(() => seen.Values.Sum(bodies => bodies.Count) == 90, "all are handled");

        Assert.All(seen.Values, bodies => Assert.Equal(Enumerable.Range(0, 15).Select(n => $"{n}"), bodies));
        Assert.InRange(most, 2, 3);
        Assert.Equal(0, overlaps);
        Assert.Empty(errors);
    }

    [Fact]
    public async Task Handler_Fails_ItsMessageComesAgainBeforeTheNext()
    {
        var queue = await AddQueueAsync();
        await FillAsync(queue, sessions: 1, messages: 3);
        var seen = new ConcurrentQueue<string>();
        await using var processor = Create(queue, new());
        processor.ProcessMessageAsync += args =>
        {
            seen.Enqueue($"{args.Message.Body}/{args.Message.DeliveryCount}");
            return seen.Count == 2 ? throw new InvalidOperationException("once") : Task.CompletedTask;
        };
        await processor.StartProcessingAsync();

        await Eventually.True(() => seen.Contains("2/1"), "the last one is handled");

        Assert.Equal(["0/1", "1/1", "1/2", "2/1"], seen);
        Assert.Equal(ServiceBusErrorSource.ProcessMessageCallback, Assert.Single(errors).ErrorSource);
    }

    [Fact]
    public async Task SessionHandlers_FrameTheMessages_AndMayKeepState()
    {
        var queue = await AddQueueAsync();
        await FillAsync(queue, sessions: 2, messages: 2);
        var seen = new ConcurrentQueue<string>();
        await using var processor = Create(queue, new() { MaxConcurrentSessions = 1 });
        processor.SessionInitializingAsync += args =>
        {
            seen.Enqueue($"begin {args.SessionId}");
            return args.SetSessionStateAsync(BinaryData.FromString("begun"));
        };
        processor.ProcessMessageAsync += async args =>
            seen.Enqueue($"{args.SessionId} {await args.GetSessionStateAsync()} {args.Message.Body}");
        processor.SessionClosingAsync += args =>
        {
            seen.Enqueue($"end {args.SessionId}");
            return args.SetSessionStateAsync(null);
        };
        await processor.StartProcessingAsync();

        await Eventually.True(() => seen.Count >= 8, "both sessions have begun and ended");

        var first = seen.First()[^2..];
        var second = first == "s0" ? "s1" : "s0";
        string[] Expected(string id) => [$"begin {id}", $"{id} begun 0", $"{id} begun 1", $"end {id}"];
        Assert.Equal([.. Expected(first), .. Expected(second)], seen.Take(8));
    }

    [Fact]
    public async Task Initializing_Fails_IsToldAndTriedAgain()
    {
        var queue = await AddQueueAsync();
        await FillAsync(queue, sessions: 1, messages: 1);
        var (tries, handled) = (0, 0);
        await using var processor = Create(queue, new() { MaxConcurrentSessions = 1 });
        processor.SessionInitializingAsync += _ => ++tries < 3
            ? throw new InvalidOperationException("not yet")
            : Task.CompletedTask;
        processor.ProcessMessageAsync += _ =>
        {
            handled++;
            return Task.CompletedTask;
        };
        await processor.StartProcessingAsync();

        await Eventually.True(() => handled == 1, "the third try succeeds");

        Assert.Equal(2, errors.Count);
        Assert.All(errors, error => Assert.Equal(ServiceBusErrorSource.AcceptSession, error.ErrorSource));
    }

    [Fact]
    public async Task SlowHandler_SessionLockIsRenewed()
    {
        var queue = await AddQueueAsync(TimeSpan.FromSeconds(5));
        await FillAsync(queue, sessions: 1, messages: 1);
        var handled = new TaskCompletionSource<int>();
        await using var processor = Create(queue, new());
        processor.ProcessMessageAsync += async args =>
        {
            var (renewals, until) = (0, args.SessionLockedUntil);
            await Eventually.True(
                () =>
                {
                    renewals += args.SessionLockedUntil > until ? 1 : 0;
                    until = args.SessionLockedUntil;
                    return renewals == 2;
                },
                "the lock is renewed twice");
            handled.SetResult(args.Message.DeliveryCount);
        };
        await processor.StartProcessingAsync();

        Assert.Equal(1, await handled.Task);
        await processor.StopProcessingAsync();
        Assert.Empty(errors);
    }

    [Fact]
    public async Task SessionLost_HandlerIsToldByItsToken()
    {
        var queue = await AddQueueAsync(TimeSpan.FromSeconds(5));
        await FillAsync(queue, sessions: 1, messages: 1);
        var told = 0;
        await using var processor = Create(queue, new() { MaxAutoLockRenewalDuration = TimeSpan.Zero });
        processor.ProcessMessageAsync += args =>
        {
            return args.Message.DeliveryCount == 1
                ? Eventually.True(() => args.CancellationToken.IsCancellationRequested && ++told == 1, "it is told")
                : Task.CompletedTask;
        };
        await processor.StartProcessingAsync();

        await Eventually.True(() => errors.Any(error => error.ErrorSource == ServiceBusErrorSource.Complete),
            "the first delivery cannot be completed any more");
        Assert.Equal(1, told);
        Assert.Equal(
            ServiceBusFailureReason.SessionLockLost,
            Assert.IsType<ServiceBusException>(errors.First().Exception).Reason);
    }

    [Fact]
    public async Task SessionIds_OthersAreLeftAlone_AndOneThatIsHeldIsWaitedFor()
    {
        var queue = await AddQueueAsync();
        await FillAsync(queue, sessions: 3, messages: 1);
        var seen = new ConcurrentQueue<string>();
        var held = await emulator.Client.AcceptSessionAsync(queue, "s2");
        await using var processor = Create(queue, new() { SessionIds = { "s0", "s2" } });
        processor.ProcessMessageAsync += args =>
        {
            seen.Enqueue(args.SessionId);
            return Task.CompletedTask;
        };
        await processor.StartProcessingAsync();
        await Eventually.True(() => seen.Contains("s0"), "the free one is served");
        await held.DisposeAsync();

        await Eventually.True(() => seen.Contains("s2"), "so is the other, once it is free");

        await using var left = await emulator.Client.AcceptSessionAsync(queue, "s1");
        Assert.Equal(2, seen.Count);
        Assert.Empty(errors);
    }

    [Fact]
    public async Task Stop_WaitsForTheHandlerAndGivesTheSessionBack()
    {
        var queue = await AddQueueAsync();
        await FillAsync(queue, sessions: 1, messages: 5);
        var (entered, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var processor = Create(queue, new() { PrefetchCount = 5 });
        processor.ProcessMessageAsync += _ =>
        {
            entered.TrySetResult();
            return leave.Task;
        };
        await processor.StartProcessingAsync();
        await entered.Task;
        var stopping = processor.StopProcessingAsync();
        Assert.False(stopping.IsCompleted);
        leave.SetResult();
        await stopping;

        await using var next = await emulator.Client.AcceptSessionAsync(queue, "s0");
        var message = await next.ReceiveMessageAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("1 1", $"{message!.Body} {message.DeliveryCount}");
        Assert.Empty(errors);
    }

    private Task<string> AddQueueAsync(TimeSpan? lockDuration = null) => emulator.AddQueueAsync(options =>
    {
        options.RequiresSession = true;
        options.LockDuration = lockDuration ?? TimeSpan.FromMinutes(1);
    });

    private async Task FillAsync(string queue, int sessions, int messages)
    {
        await using var sender = emulator.Client.CreateSender(queue);
        for (var number = 0; number < messages; number++)
        {
            await sender.SendMessagesAsync(Enumerable.Range(0, sessions)
                .Select(session => new ServiceBusMessage($"{number}") { SessionId = $"s{session}" }));
        }
    }

    private ServiceBusSessionProcessor Create(string queue, ServiceBusSessionProcessorOptions options)
    {
        options.SessionIdleTimeout = TimeSpan.FromMilliseconds(300);
        var processor = emulator.Client.CreateSessionProcessor(queue, options);
        processor.ProcessErrorAsync += args =>
        {
            errors.Enqueue(args);
            return Task.CompletedTask;
        };
        return processor;
    }
}
