// One run of a session processor, from start to stop: as many sessions as wanted, each served until it is quiet.
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>The handlers of a session processor.</summary>
internal sealed record SessionHandlers(
    Func<ProcessSessionMessageEventArgs, Task> Message,
    Func<ProcessErrorEventArgs, Task> Error,
    Func<ProcessSessionEventArgs, Task>? Initializing,
    Func<ProcessSessionEventArgs, Task>? Closing);

/// <summary>
/// The run of a session processor: MaxConcurrentSessions loops, each with one session at a time.
/// <code>
///  1 accept the next free session, or the next of SessionIds
///  2 initializing handler ─► receive ─► message handler ─► settle, one after the other ─► closing handler
///    └ meanwhile its lock is renewed; when it is lost, the handlers are told by their token
///  3 quiet for SessionIdleTimeout, released, lost or stopped: the session is given back, and 1 again
/// </code>
/// </summary>
internal sealed class SessionPump(
    ServiceBusClient client, ServiceBusSessionProcessor processor, SessionHandlers handlers, CancellationToken stop)
{
    private readonly ServiceBusSessionReceiverOptions receiverOptions = new()
    {
        Identifier = processor.Identifier,
        ReceiveMode = processor.ReceiveMode,
        PrefetchCount = processor.PrefetchCount,
    };

    public async Task RunAsync()
    {
        // The caller of StartProcessingAsync does not run handlers.
        await Task.Yield();
        var ids = processor.SessionIds;
        var loops = ids.Count == 0
            ? processor.MaxConcurrentSessions
            : Math.Min(ids.Count, processor.MaxConcurrentSessions);
        await Task.WhenAll(Enumerable.Range(0, loops).Select(loop => ServeAsync(
            ids.Count == 0 ? [null] : [.. ids.Where((_, index) => index % loops == loop)])));
    }

    private async Task ServeAsync(string?[] sessions)
    {
        var failures = 0;
        for (var turn = 0; !stop.IsCancellationRequested && !client.IsClosed; turn++)
        {
            try
            {
                await using var receiver = await ServiceBusSessionReceiver.AcceptAsync(
                    client, processor.EntityPath, sessions[turn % sessions.Length], receiverOptions, stop);
                var session = new HeldSession(processor, handlers, receiver, client.TimeProvider, stop);
                if (await session.RunAsync())
                {
                    failures = 0;
                    continue;
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (ServiceBusException none) when (none.Reason == ServiceBusFailureReason.ServiceTimeout)
            {
                // No session was free for as long as the broker was asked to wait: asked again.
                failures = 0;
                continue;
            }
            catch (Exception failure)
            {
                // A session that another holds is no failure, only to be waited for.
                if (failure is not ServiceBusException { Reason: ServiceBusFailureReason.SessionCannotBeLocked })
                {
                    await HeldSession.ReportAsync(
                        handlers, processor, failure, ServiceBusErrorSource.AcceptSession, stop);
                }
            }

            // What failed is tried again, more and more slowly.
            await PauseAsync(client.Retry.DelayAfter(failures++));
        }
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
}
