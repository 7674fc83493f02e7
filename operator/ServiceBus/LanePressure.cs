// Watches how full the lanes are: the routing table says which take no more, and what was turned away comes back.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Routing;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>A full lane would turn every Trigger's events away behind the producers' 202.</summary>
/// <remarks>
/// <code>
///   every period ─► 1 how full is each lane, or its retries queue if that is fuller?
///                   2 over 80 %: under pressure, ingresses answer 429     under 60 %: free again
///                   3 whatever has room: bring back what could not be forwarded to it meanwhile
/// </code>
/// A lane that cannot be measured stays as it is.
/// </remarks>
public sealed partial class LanePressure(
    BusAdministration bus,
    ForwardFailures failures,
    RoutingState routing,
    TimeSpan period,
    TimeProvider time,
    ILogger logger)
{
    private const double Pressed = 0.8;
    private const double Free = 0.6;

    private static readonly string[] Shared =
        [EntityNames.TriggersLane, EntityNames.SubscriptionsLane, EntityNames.SourcesLane];

    private readonly SortedSet<string> _pressed = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _pressed.UnionWith(routing.Pressure.Lanes);
        try
        {
            while (true)
            {
                var room = await MeasureAsync(cancellationToken);
                await failures.BringBackAsync(room, cancellationToken);
                await Task.Delay(period, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    // 1, 2: the bytes each lane may still take before it is no longer free.
    private async Task<Dictionary<string, long>> MeasureAsync(CancellationToken cancellationToken)
    {
        var room = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var lane in Shared)
        {
            if (await bus.FillAsync(lane, cancellationToken) is not { } own
                || await bus.FillAsync(EntityNames.Retries(lane), cancellationToken) is not { } retries)
            {
                continue;
            }

            var fuller = retries.Part > own.Part ? retries : own;
            if (fuller.Part > Pressed ? _pressed.Add(lane) : fuller.Part < Free && _pressed.Remove(lane))
            {
                Log.Changed(logger, lane, fuller.Part, _pressed.Contains(lane) ? "under pressure" : "free again");
                routing.Put(new Pressure { Lanes = [.. _pressed] });
            }

            if (fuller.Part < Free)
            {
                room[lane] = (long)((Free - fuller.Part) * fuller.MostBytes);
            }
        }

        return room;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Lane {Lane} is {Part:P0} full: {State}")]
        public static partial void Changed(ILogger logger, string lane, double part, string state);
    }
}

/// <summary>How much of a queue is taken.</summary>
public readonly record struct QueueFill(long Bytes, long MostBytes)
{
    /// <summary>0 is empty, 1 full.</summary>
    public double Part => MostBytes == 0 ? 0 : (double)Bytes / MostBytes;
}
