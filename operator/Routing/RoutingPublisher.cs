// Saves each new state of the routing table and lets pollers have it.
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Operator.Routing;

/// <summary>A published table, and the end of its being the newest.</summary>
public sealed record PublishedTable(RoutingSnapshot Snapshot, Task Superseded);

/// <summary>
/// Waits for a change, takes a snapshot, saves it, and only then shows it: so no generation that a function has seen
/// can be forgotten. At most four a second under churn; the first change after a rest goes out at once.
/// </summary>
public sealed partial class RoutingPublisher(
    RoutingState state, RoutingStore store, RoutingBarrier barrier, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile PublishedTable? _current;

    /// <summary>The newest table, or null before the first.</summary>
    public PublishedTable? Current => _current;

    /// <summary>Ends with the first table.</summary>
    public Task First => _first.Task;

    public async Task RunAsync(TimeSpan drainPeriod, CancellationToken cancellationToken)
    {
        using var sweep = time.CreateTimer(
            _ => state.RemoveDrained(drainPeriod), null, drainPeriod / 4, drainPeriod / 4);
        try
        {
            while (true)
            {
                await state.WhenChanged().WaitAsync(cancellationToken);
                var saved = await PublishAsync(cancellationToken);
                await Task.Delay(saved ? Interval : RetryInterval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task<bool> PublishAsync(CancellationToken cancellationToken)
    {
        var snapshot = state.Take();
        try
        {
            await store.SaveAsync(snapshot, cancellationToken);
        }
        catch (HttpRequestException error)
        {
            Log.NotSaved(logger, snapshot.Generation, error.Message);
            state.PutBack();
            return false;
        }

        var superseded = _next;
        _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _current = new PublishedTable(snapshot, _next.Task);
        barrier.Published(snapshot.Generation);
        superseded.TrySetResult();
        _first.TrySetResult();
        Log.Published(logger, snapshot.Generation, snapshot.Length);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Routing table {Generation} published, {Bytes} bytes")]
        public static partial void Published(ILogger logger, long generation, long bytes);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Routing table {Generation} could not be saved: {Why}")]
        public static partial void NotSaved(ILogger logger, long generation, string why);
    }
}
