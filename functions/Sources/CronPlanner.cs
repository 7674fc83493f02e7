// Enqueues the coming ticks of every cron source as scheduled messages.
using ServerlessEventing.Contract.Cron;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Sources;

/// <summary>What the CronSource function does each minute, and each instance when the table changes.</summary>
/// <remarks>
/// <code>
///   1 schedules of the table in force ─► 2 ticks up to now + 2 min ─► 3 scheduled messages on eventing-sources
///                                                                        │ same MessageId: dropped by the bus
///                                                     SourceDelivery ◄───┘ at the tick
/// </code>
/// </remarks>
internal sealed partial class CronPlanner(
    RoutingTables tables, BusPublisher publisher, TimeProvider time, ILogger<CronPlanner> logger)
{
    private const int MostTogether = 100;
    private const int MostBytesTogether = 64 * 1024;

    private readonly TickPlan plan = new();
    private readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>False when the bus did not take everything; what it has not is planned again.</summary>
    public async Task<bool> PlanAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            var model = tables.Current!;
            var due = plan.Due(model.Schedules, time.GetUtcNow(), Unreadable);
            for (var start = 0; start < due.Count;)
            {
                var count = Together(due, start);
                if (!await EnqueueAsync(model, due, start, count, cancellationToken))
                {
                    return false;
                }

                start += count;
            }

            return true;
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<bool> EnqueueAsync(
        RoutingModel model, IReadOnlyList<Tick> due, int start, int count, CancellationToken cancellationToken)
    {
        List<ServiceBusMessage> messages = [];
        for (var i = start; i < start + count; i++)
        {
            if (due[i].ToMessage(model.Generation, time) is { } message)
            {
                messages.Add(message);
            }
            else
            {
                Log.NoEvent(logger, due[i].Schedule.Source);
            }
        }

        var result = messages.Count switch
        {
            0 => PublishResult.Confirmed,
            1 => await publisher.PublishAsync(EntityNames.SourcesLane, messages[0], cancellationToken),
            _ => await publisher.PublishAsync(EntityNames.SourcesLane, messages, cancellationToken),
        };
        if (result == PublishResult.TooLarge && count > 1)
        {
            return await EnqueueOneByOneAsync(model, due, start, count, cancellationToken);
        }

        if (result == PublishResult.TooLarge)
        {
            // It will never fit; it must not hold up those behind it.
            Log.TooLarge(logger, due[start].Schedule.Source);
        }
        else if (result != PublishResult.Confirmed)
        {
            return false;
        }

        for (var i = start; i < start + count; i++)
        {
            plan.Confirm(due[i]);
        }

        return true;
    }

    private async Task<bool> EnqueueOneByOneAsync(
        RoutingModel model, IReadOnlyList<Tick> due, int start, int count, CancellationToken cancellationToken)
    {
        for (var i = start; i < start + count; i++)
        {
            if (!await EnqueueAsync(model, due, i, 1, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    // As many as go in one transfer: sources with much data go a few at a time.
    private static int Together(IReadOnlyList<Tick> due, int start)
    {
        var bytes = 0;
        var count = 0;
        while (start + count < due.Count && count < MostTogether)
        {
            bytes += due[start + count].Schedule.Data?.Length ?? 0;
            if (count > 0 && bytes > MostBytesTogether)
            {
                break;
            }

            count++;
        }

        return count;
    }

    private void Unreadable(Schedule schedule, CronFault fault) =>
        Log.Unreadable(logger, schedule.Source, schedule.Cron, fault.ToString());

    private static partial class Log
    {
        [LoggerMessage(501, LogLevel.Error, "The schedule \"{Cron}\" of {Source} cannot be read: {Fault}")]
        public static partial void Unreadable(ILogger logger, string source, string cron, string fault);

        [LoggerMessage(502, LogLevel.Error, "A tick of {Source} is larger than the bus takes")]
        public static partial void TooLarge(ILogger logger, string source);

        [LoggerMessage(503, LogLevel.Error, "The attributes of {Source} make no CloudEvent")]
        public static partial void NoEvent(ILogger logger, string source);
    }
}
