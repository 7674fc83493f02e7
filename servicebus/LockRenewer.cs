// Keeps the locks of messages under way from running out.
using System.Collections.Concurrent;

namespace ServerlessEventing.ServiceBus;

/// <summary>
/// One clock for all messages of a processor; a renewal is asked for when half of a lock's time, or its last ten
/// seconds, are left.
/// </summary>
internal sealed class LockRenewer(
    Settler settler, TimeSpan maxDuration, TimeProvider timeProvider, Func<Exception, Task> onFailure)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MaxMargin = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Watched, bool> watched = new();

    /// <summary>Renews the message's lock until the result is disposed of.</summary>
    public IDisposable? Watch(ServiceBusReceivedMessage message)
    {
        if (maxDuration == TimeSpan.Zero)
        {
            return null;
        }

        var now = timeProvider.GetUtcNow();
        var half = (message.LockedUntil - now) / 2;
        var entry = new Watched(this, message)
        {
            Margin = half < MaxMargin ? half : MaxMargin,
            Until = maxDuration == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : now + maxDuration,
        };
        watched[entry] = true;
        return entry;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (maxDuration == TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(Tick, timeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var now = timeProvider.GetUtcNow();
                foreach (var entry in watched.Keys)
                {
                    if (now > entry.Until)
                    {
                        watched.TryRemove(entry, out _);
                    }
                    else if (!entry.Renewing && entry.Message.LockedUntil - now <= entry.Margin)
                    {
                        entry.Renewing = true;
                        _ = RenewAsync(entry, cancellationToken);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The processor has stopped; no message is under way any more.
        }
    }

    private async Task RenewAsync(Watched entry, CancellationToken cancellationToken)
    {
        try
        {
            await settler.RenewLockAsync(entry.Message, cancellationToken);
            entry.Renewing = false;
        }
        catch (Exception exception)
        {
            // A message settled meanwhile has no lock to renew: that is no failure.
            if (watched.TryRemove(entry, out _) && !cancellationToken.IsCancellationRequested)
            {
                await onFailure(exception);
            }
        }
    }

    private sealed class Watched(LockRenewer owner, ServiceBusReceivedMessage message) : IDisposable
    {
        public ServiceBusReceivedMessage Message => message;

        public required TimeSpan Margin { get; init; }

        public required DateTimeOffset Until { get; init; }

        public volatile bool Renewing;

        public void Dispose() => owner.watched.TryRemove(this, out _);
    }
}
