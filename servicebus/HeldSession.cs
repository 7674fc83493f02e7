// A session while a processor holds it: its messages handled in order, its lock kept.
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>From the initializing handler to the closing one.</summary>
internal sealed class HeldSession(
    ServiceBusSessionProcessor processor,
    SessionHandlers handlers,
    ServiceBusSessionReceiver receiver,
    TimeProvider timeProvider,
    CancellationToken stop)
{
    private static readonly TimeSpan MaxMargin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
    private volatile bool released;
    private int handling;
    private long lastBegun = timeProvider.GetTimestamp();

    private bool IsPeekLock => processor.ReceiveMode == ServiceBusReceiveMode.PeekLock;

    /// <summary>Ends when the session is to be given back; the caller does that.</summary>
    /// <returns>Whether nothing failed but handlers of messages, so that there is no reason to wait.</returns>
    public async Task<bool> RunAsync()
    {
        using var done = new CancellationTokenSource();
        var keeping = KeepAsync(done.Token);
        try
        {
            var well = await NotifyAsync(handlers.Initializing, ServiceBusErrorSource.AcceptSession);
            if (well)
            {
                var calls = Enumerable.Range(0, processor.MaxConcurrentCallsPerSession);
                well = (await Task.WhenAll(calls.Select(_ => WorkAsync()))).All(one => one);
            }

            return (receiver.Lost.IsCompleted
                || await NotifyAsync(handlers.Closing, ServiceBusErrorSource.CloseSession)) && well;
        }
        finally
        {
            await done.CancelAsync();
            await keeping;
            ending.Dispose();
        }
    }

    public static async Task ReportAsync(
        SessionHandlers handlers,
        ServiceBusSessionProcessor processor,
        Exception exception,
        ServiceBusErrorSource source,
        CancellationToken stop)
    {
        try
        {
            await handlers.Error(new(
                AmqpErrors.Translate(exception, processor.EntityPath),
                source,
                processor.FullyQualifiedNamespace,
                processor.EntityPath,
                processor.Identifier,
                stop));
        }
        catch (Exception)
        {
            // An error handler that fails has nobody left to tell.
        }
    }

    private async Task<bool> WorkAsync()
    {
        try
        {
            while (!released && !ending.IsCancellationRequested)
            {
                var message = await receiver.ReceiveMessageAsync(processor.SessionIdleTimeout, ending.Token);
                if (message is not null)
                {
                    Interlocked.Increment(ref handling);
                    Interlocked.Exchange(ref lastBegun, timeProvider.GetTimestamp());
                    await HandleAsync(message);
                    Interlocked.Decrement(ref handling);
                }
                else if (Volatile.Read(ref handling) == 0)
                {
                    break;
                }
            }

            return true;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Stopped or lost; what arrived meanwhile goes back with the session.
            return true;
        }
        catch (Exception exception)
        {
            await ReportAsync(exception, ServiceBusErrorSource.Receive);
            return receiver.Lost.IsCompleted;
        }
    }

    private async Task HandleAsync(ServiceBusReceivedMessage message)
    {
        var args = new ProcessSessionMessageEventArgs(message, receiver, () => released = true, ending.Token);
        var doing = ServiceBusErrorSource.ProcessMessageCallback;
        try
        {
            await handlers.Message(args);
            if (IsPeekLock && processor.AutoCompleteMessages && !args.IsSettled)
            {
                doing = ServiceBusErrorSource.Complete;
                await receiver.CompleteMessageAsync(message, CancellationToken.None);
            }
        }
        catch (Exception exception)
        {
            await ReportAsync(exception, doing);
            if (IsPeekLock && !args.IsSettled && !receiver.Lost.IsCompleted)
            {
                await AbandonAsync(message);
            }
        }
    }

    private async Task AbandonAsync(ServiceBusReceivedMessage message)
    {
        try
        {
            await receiver.AbandonMessageAsync(message, cancellationToken: CancellationToken.None);
        }
        catch (Exception exception)
        {
            await ReportAsync(exception, ServiceBusErrorSource.Abandon);
        }
    }

    private async Task<bool> NotifyAsync(Func<ProcessSessionEventArgs, Task>? handler, ServiceBusErrorSource source)
    {
        try
        {
            await (handler?.Invoke(new(receiver, ending.Token)) ?? Task.CompletedTask);
            return true;
        }
        catch (Exception exception)
        {
            await ReportAsync(exception, source);
            return false;
        }
    }

    /// <summary>Renews the lock when half its time, or its last ten seconds, are left; notices when it is lost.</summary>
    private async Task KeepAsync(CancellationToken done)
    {
        try
        {
            while (!await IsLostAsync(UntilRenewal(), done))
            {
                if (IsStillRenewed())
                {
                    await RenewAsync(done);
                }
            }

            await ending.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The session was given back.
        }
    }

    private async Task<bool> IsLostAsync(TimeSpan within, CancellationToken done)
    {
        try
        {
            await receiver.Lost.WaitAsync(within, timeProvider, done);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private TimeSpan UntilRenewal()
    {
        var left = receiver.SessionLockedUntil - timeProvider.GetUtcNow();
        var wait = left - (left / 2 < MaxMargin ? left / 2 : MaxMargin);
        return wait > ShortestWait ? wait : ShortestWait;
    }

    private bool IsStillRenewed() => processor.MaxAutoLockRenewalDuration == Timeout.InfiniteTimeSpan
        || timeProvider.GetElapsedTime(Interlocked.Read(ref lastBegun)) < processor.MaxAutoLockRenewalDuration;

    private async Task RenewAsync(CancellationToken done)
    {
        try
        {
            await receiver.RenewSessionLockAsync(done);
        }
        catch (Exception exception) when (!done.IsCancellationRequested)
        {
            await ReportAsync(exception, ServiceBusErrorSource.RenewLock);
        }
    }

    private Task ReportAsync(Exception exception, ServiceBusErrorSource source) =>
        ReportAsync(handlers, processor, exception, source, stop);
}
