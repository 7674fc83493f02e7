// Holds the messages of a receiver between the link that brings them and the calls that take them.
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>
/// Credit in step with demand.
/// <code>
///  1 a call for n messages: credit + held is raised to max(n, prefetch)
///  2 messages arrive, the call takes up to n              (a moment is left for more than the first)
///  3 without prefetch, credit left over is taken back (drain), and what still arrived goes to the same call:
///    nothing stays locked here that nobody asked for
/// </code>
/// </summary>
internal sealed class MessageBuffer(
    ServiceBusClient client,
    string entityPath,
    ServiceBusReceiveMode mode,
    int prefetch,
    string identifier,
    SessionRequest? session = null)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Queue<ServiceBusReceivedMessage> held = new();
    private TaskCompletionSource? arrival;
    private ReceivingLink? link;
    private Task draining = Task.CompletedTask;
    private int credit;

    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveAsync(
        int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        var start = client.TimeProvider.GetTimestamp();
        if (!await turn.WaitAsync(wait, cancellationToken))
        {
            return [];
        }

        try
        {
            while (true)
            {
                await draining.WaitAsync(cancellationToken);
                var open = await GetLinkAsync(cancellationToken);
                var arrived = Demand(open, max);
                var taken = Take(max);
                if (taken.Count == 0)
                {
                    var left = wait - client.TimeProvider.GetElapsedTime(start);
                    if (left > TimeSpan.Zero && await WaitAsync(arrived, open, left, cancellationToken))
                    {
                        continue;
                    }
                }
                else if (taken.Count < max && prefetch == 0)
                {
                    await Task.Delay(Moment, client.TimeProvider, CancellationToken.None);
                }

                if (prefetch == 0)
                {
                    await DrainAsync(open);
                    taken.AddRange(Take(max - taken.Count));
                }
                else
                {
                    _ = Demand(open, prefetch);
                }

                if (taken.Count > 0 || client.TimeProvider.GetElapsedTime(start) >= wait)
                {
                    return taken;
                }
            }
        }
        catch (OperationCanceledException) when (prefetch == 0 && link is { } open)
        {
            // The caller need not wait for this; the next one does, for credit given while a drain is under way is
            // counted differently by the two ends.
            draining = DrainAsync(open);
            throw;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Opens the link of a session receiver, which holds the session until the link ends.</summary>
    public Task<ReceivingLink> AcceptAsync(CancellationToken cancellationToken) =>
        client.Retry.RunAsync(entityPath, this, static (self, ct) => self.OpenAsync(ct), cancellationToken);

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (link is null)
            {
                return;
            }

            // With credit left over, what is given back would come straight here again.
            await link.DrainAsync(DrainPatience, cancellationToken);
            foreach (var message in Take(int.MaxValue))
            {
                // A session's messages go back with it, and without being counted as delivered.
                if (mode == ServiceBusReceiveMode.PeekLock && session is null)
                {
                    message.Delivery?.Release();
                }
            }

            await link.CloseAsync();
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Raises credit so that <paramref name="max"/> messages, or the prefetch, can be here.</summary>
    private Task Demand(ReceivingLink open, int max)
    {
        lock (held)
        {
            var wanted = Math.Max(max, prefetch);
            var missing = wanted - credit - held.Count;

            // One flow frame for many messages; but never none while a caller waits and the broker has no credit.
            if (missing > 0 && (credit == 0 || missing >= wanted / 2 || held.Count == 0))
            {
                credit += missing;
                open.Grant(missing);
            }

            arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (held.Count > 0)
            {
                arrival.SetResult();
            }

            return arrival.Task;
        }
    }

    private List<ServiceBusReceivedMessage> Take(int max)
    {
        var taken = new List<ServiceBusReceivedMessage>();
        var now = client.TimeProvider.GetUtcNow();
        lock (held)
        {
            while (taken.Count < max && held.TryDequeue(out var message))
            {
                // A message whose lock ran out while it lay here is on its way to someone else; in a session it has
                // no lock of its own, and the link ends with the session's.
                if (mode == ServiceBusReceiveMode.ReceiveAndDelete || session is not null || message.LockedUntil > now)
                {
                    taken.Add(message);
                }
            }
        }

        return taken;
    }

    private async Task<bool> WaitAsync(
        Task arrived, ReceivingLink open, TimeSpan left, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAny(arrived, open.Closed).WaitAsync(left, client.TimeProvider, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task DrainAsync(ReceivingLink open)
    {
        if (await open.DrainAsync(DrainPatience, CancellationToken.None))
        {
            lock (held)
            {
                credit = 0;
            }

            return;
        }

        // How much the broker may still send is not known any more: start over with a new link.
        await open.CloseAsync();
    }

    private Task<ReceivingLink> GetLinkAsync(CancellationToken cancellationToken) => link is { IsOpen: true } open
        ? Task.FromResult(open)
        : session is not null
        ? throw new ServiceBusException(
            "The session's link is closed, and the session with it",
            ServiceBusFailureReason.SessionLockLost,
            entityPath)
        : client.Retry.RunAsync(entityPath, this, static (self, ct) => self.OpenAsync(ct), cancellationToken);

    private async Task<ReceivingLink> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await client.Connection.GetAsync(cancellationToken);
        lock (held)
        {
            // What the lost link brought and nobody took yet will be delivered again.
            if (mode == ServiceBusReceiveMode.PeekLock)
            {
                held.Clear();
            }

            credit = 0;
        }

        return link = await ReceivingLink.OpenAsync(
            connection, entityPath, mode, identifier, session, OnMessage, cancellationToken);
    }

    private void OnMessage(ServiceBusReceivedMessage message)
    {
        lock (held)
        {
            credit = Math.Max(0, credit - 1);
            held.Enqueue(message);
            arrival?.TrySetResult();
        }
    }
}
