// Receives from a bus subscription with sessions: many sessions at a time, one message of each.
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Doors;

/// <summary>
/// <code>
///   1 accept a session ─► 2 its next message ─► 3 dispatch, waits between tries included ─► 4 settle ─┐
///        ▲                     ▲                                                                       │
///        │                     └───────────────────────────────────────────────────────────────────────┘
///        └── 5 nothing came for a second, or others have had no turn for 30: give the session back
/// </code>
/// The session's lock is renewed for as long as it is held. Once it is lost another instance may have the session, so
/// what is in flight is given up at once: a delivery may then be repeated, but never be overtaken.
/// </summary>
internal sealed partial class SessionPump(
    ServiceBusClient client,
    Egress egress,
    int mostSessions,
    Dispatcher dispatcher,
    TimeProvider time,
    ILogger<SessionPump> logger) : IMessagePump
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestRenewal = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource patienceEnds = new();
    private readonly SemaphoreSlim free = new(mostSessions, mostSessions);
    private readonly DedicatedDispatch own = egress.Dedicated!;
    private readonly List<Task> turns = [];

    private Task running = Task.CompletedTask;

    private string Entity => $"{own.Topic}/Subscriptions/{own.Subscription}";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        running = RunAsync(stopping.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await using (cancellationToken.Register(patienceEnds.Cancel))
        {
            await stopping.CancelAsync();
            await running;
        }

        patienceEnds.Dispose();
        stopping.Dispose();
        free.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        var pause = TimeSpan.Zero;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(pause, time, cancellationToken);
                await free.WaitAsync(cancellationToken);
                turns.RemoveAll(turn => turn.IsCompleted);
                if (await AcceptAsync(cancellationToken) is { } session)
                {
                    turns.Add(TakeTurnAsync(session, cancellationToken));
                    pause = TimeSpan.Zero;
                }
                else
                {
                    free.Release();
                    pause = pause == TimeSpan.Zero ? Idle : pause * 2 < LongestPause ? pause * 2 : LongestPause;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }

        await Task.WhenAll(turns);
    }

    // 1: the next session with messages; none within a try's time is no failure, and is asked for again at once.
    private async Task<ServiceBusSessionReceiver?> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await client.AcceptNextSessionAsync(
                    own.Topic, own.Subscription, cancellationToken: cancellationToken);
            }
            catch (ServiceBusException e) when (e.Reason == ServiceBusFailureReason.ServiceTimeout)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (Exception e) when (e is ServiceBusException or InvalidOperationException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Log.ReceiveFailed(logger, Entity, e.Message);
                return null;
            }
        }
    }

    private async Task TakeTurnAsync(ServiceBusSessionReceiver session, CancellationToken cancellationToken)
    {
        using var held = CancellationTokenSource.CreateLinkedTokenSource(patienceEnds.Token);
        var renewing = RenewAsync(session, held);
        try
        {
            var started = time.GetTimestamp();
            while (!cancellationToken.IsCancellationRequested && !held.IsCancellationRequested
                && time.GetElapsedTime(started) < LongestTurn
                && await session.ReceiveMessageAsync(Idle, cancellationToken) is { } message)
            {
                await HandleAsync(session, message, held.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping; what was on its way goes back with the session.
        }
        catch (ServiceBusException e)
        {
            Log.SessionLost(logger, session.SessionId, Entity, e.Message);
        }
        finally
        {
            await held.CancelAsync();
            await renewing;
            await session.DisposeAsync();
            free.Release();
        }
    }

    // 2, 3, 4.
    private async Task HandleAsync(
        ServiceBusSessionReceiver session, ServiceBusReceivedMessage received, CancellationToken cancellationToken)
    {
        var settlement = Settlement.Abandon;
        try
        {
            var message = InboundMessageBuilder.Read(Entity, received, egress);
            settlement = await dispatcher.DispatchAsync(message, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Out of patience, or the session is lost; the message comes again, before those behind it.
        }

        await (settlement == Settlement.Complete
            ? session.CompleteMessageAsync(received, CancellationToken.None)
            : session.AbandonMessageAsync(received, cancellationToken: CancellationToken.None));
    }

    private async Task RenewAsync(ServiceBusSessionReceiver session, CancellationTokenSource held)
    {
        try
        {
            while (true)
            {
                var half = (session.SessionLockedUntil - time.GetUtcNow()) / 2;
                await Task.Delay(half > ShortestRenewal ? half : ShortestRenewal, time, held.Token);
                await session.RenewSessionLockAsync(held.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The turn is over.
        }
        catch (ServiceBusException e)
        {
            Log.SessionLost(logger, session.SessionId, Entity, e.Message);
            await held.CancelAsync();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(421, LogLevel.Warning, "Receiving from {Entity} failed: {Error}")]
        public static partial void ReceiveFailed(ILogger logger, string entity, string error);

        [LoggerMessage(422, LogLevel.Warning,
            "Session {Session} of {Entity} is lost, its next message comes again: {Error}")]
        public static partial void SessionLost(ILogger logger, string session, string entity, string error);
    }
}
