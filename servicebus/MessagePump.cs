// One run of a processor, from start to stop: keeps a link open, messages flowing and handlers busy.
using System.Threading.Channels;
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>
/// The run of a processor.
/// <code>
///   link ──1 onMessage──► queue ──2──► MaxConcurrentCalls workers ──3 handler──► 4 settle
///     ▲                                                                            │
///     └───────────────────────5 credit: window − (credit + queued + handled)◄──────┘
/// </code>
/// The window is MaxConcurrentCalls + PrefetchCount, so the queue is bounded by what was asked for. A lost link is
/// opened again with growing pauses; messages of the old one that no worker has begun are left to be delivered again.
/// </summary>
internal sealed class MessagePump
{
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(5);

    private readonly ServiceBusClient client;
    private readonly ServiceBusProcessor processor;
    private readonly Func<ProcessMessageEventArgs, Task> onMessage;
    private readonly Func<ProcessErrorEventArgs, Task> onError;
    private readonly Settler settler;
    private readonly LockRenewer renewer;
    private readonly Channel<ServiceBusReceivedMessage> queue =
        Channel.CreateUnbounded<ServiceBusReceivedMessage>(new() { SingleWriter = false });
    private readonly Lock accounts = new();
    private readonly int window;
    private readonly int batch;
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReceivingLink? link;
    private int credit;
    private int load;
    private CancellationToken stop;

    public MessagePump(
        ServiceBusClient client,
        ServiceBusProcessor processor,
        Func<ProcessMessageEventArgs, Task> onMessage,
        Func<ProcessErrorEventArgs, Task> onError)
    {
        this.client = client;
        this.processor = processor;
        this.onMessage = onMessage;
        this.onError = onError;
        settler = new(client.Retry, new Management(client.Connection, processor.EntityPath), processor.EntityPath);
        renewer = new(
            settler, processor.MaxAutoLockRenewalDuration, client.TimeProvider,
            failure => ReportAsync(failure, ServiceBusErrorSource.RenewLock));
        window = processor.MaxConcurrentCalls + processor.PrefetchCount;
        batch = Math.Max(1, window / 8);
    }

    private bool IsPeekLock => processor.ReceiveMode == ServiceBusReceiveMode.PeekLock;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // The caller of StartProcessingAsync does not run handlers.
        await Task.Yield();
        stop = cancellationToken;
        using var renewing = new CancellationTokenSource();
        var renewals = renewer.RunAsync(renewing.Token);
        var workers = Enumerable.Range(0, processor.MaxConcurrentCalls).Select(_ => WorkAsync()).ToArray();
        try
        {
            await KeepLinkAsync();
        }
        finally
        {
            await StopLinkAsync();
            queue.Writer.TryComplete();
            await Task.WhenAll(workers);
            await renewing.CancelAsync();
            await renewals;
            if (link is { } open)
            {
                await open.CloseAsync();
            }
        }
    }

    private async Task KeepLinkAsync()
    {
        for (var failures = 0; !stop.IsCancellationRequested && !client.IsClosed;)
        {
            try
            {
                var open = await OpenAsync();
                failures = 0;
                await open.Closed.WaitAsync(stop);
                await ReportAsync(open.Failure, ServiceBusErrorSource.Receive);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                await ReportAsync(exception, ServiceBusErrorSource.Receive);
            }

            await PauseAsync(client.Retry.DelayAfter(failures++));
        }
    }

    private async Task<ReceivingLink> OpenAsync()
    {
        var connection = await client.Connection.GetAsync(stop);
        var open = await ReceivingLink.OpenAsync(
            connection, processor.EntityPath, processor.ReceiveMode, processor.Identifier, session: null, OnMessage,
            stop);
        lock (accounts)
        {
            link = open;
            credit = 0;
        }

        Refill();
        return open;
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, client.TimeProvider, stop);
        }
        catch (OperationCanceledException)
        {
            // Stopped; the loop ends.
        }
    }

    private async Task StopLinkAsync()
    {
        if (link is { IsOpen: true } open)
        {
            await open.DrainAsync(DrainPatience, CancellationToken.None);
        }

        drained.TrySetResult();
    }

    private void OnMessage(ServiceBusReceivedMessage message)
    {
        lock (accounts)
        {
            credit = Math.Max(0, credit - 1);
            load++;
        }

        queue.Writer.TryWrite(message);
    }

    private async Task WorkAsync()
    {
        await foreach (var message in queue.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                if (stop.IsCancellationRequested && IsPeekLock)
                {
                    // With credit left over, what is given back would come straight here again.
                    await drained.Task;
                    message.Delivery?.Release();
                }
                else if (!IsPeekLock || IsStillOurs(message))
                {
                    await HandleAsync(message);
                }
            }
            finally
            {
                lock (accounts)
                {
                    load--;
                }

                Refill();
            }
        }
    }

    // A message that lay in the queue past its lock, or whose link is gone, is on its way to someone, perhaps to us.
    private bool IsStillOurs(ServiceBusReceivedMessage message) =>
        message.Delivery is { IsLinkOpen: true } && message.LockedUntil > client.TimeProvider.GetUtcNow();

    private async Task HandleAsync(ServiceBusReceivedMessage message)
    {
        var args = new ProcessMessageEventArgs(message, processor, settler, stop);
        var doing = ServiceBusErrorSource.ProcessMessageCallback;
        using var renewal = IsPeekLock ? renewer.Watch(message) : null;
        try
        {
            await onMessage(args);
            if (IsPeekLock && processor.AutoCompleteMessages && !args.IsSettled)
            {
                doing = ServiceBusErrorSource.Complete;
                await settler.SettleAsync(message, Settlement.Complete, CancellationToken.None);
            }
        }
        catch (Exception exception)
        {
            await ReportAsync(exception, doing);
            if (IsPeekLock && !args.IsSettled
                && exception is not ServiceBusException { Reason: ServiceBusFailureReason.MessageLockLost })
            {
                await AbandonAsync(message);
            }
        }
    }

    private async Task AbandonAsync(ServiceBusReceivedMessage message)
    {
        try
        {
            await settler.SettleAsync(message, new(SettlementKind.Abandon), CancellationToken.None);
        }
        catch (Exception exception)
        {
            await ReportAsync(exception, ServiceBusErrorSource.Abandon);
        }
    }

    /// <summary>Gives the broker credit for the room there is: many at once, or the first when it has none.</summary>
    private void Refill()
    {
        lock (accounts)
        {
            var missing = window - credit - load;
            if (link is { IsOpen: true } open && !stop.IsCancellationRequested
                && missing > 0 && (missing >= batch || credit == 0))
            {
                credit += missing;
                open.Grant(missing);
            }
        }
    }

    private async Task ReportAsync(Exception exception, ServiceBusErrorSource source)
    {
        try
        {
            await onError(new(
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
}
