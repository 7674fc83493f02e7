// Has ticks planned at the start and at each new table; without a Functions host also each minute.
using ServerlessEventing.Functions.Routing;

namespace ServerlessEventing.Functions.Sources;

/// <summary>
/// The minute itself is the host's timer function where there is a host, so that it wakes an app scaled to zero.
/// </summary>
internal sealed class CronClock(CronPlanner planner, RoutingTables tables, TimeProvider time, bool wakesItself)
    : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var seen = tables.Current;
                var wait = !await planner.PlanAsync(cancellationToken) ? AfterFailure
                    : wakesItself ? Period
                    : Timeout.InfiniteTimeSpan;
                using var other = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAny(tables.WhenChangedAsync(seen, other.Token), Task.Delay(wait, time, other.Token));
                await other.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping; what is planned is on the bus.
        }
    }
}
