// The queues every event passes: lanes, their retries, the dead letters.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Names;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>
/// Keeps the shared queues in place. A forward's target must be there before the queue that forwards, so the order
/// is: dead letters, lane, its retries. Until they are there no bus subscription can be made.
/// </summary>
public sealed partial class Lanes(
    BusProvisioner bus, string installation, TimeSpan lockDuration, TimeProvider time, ILogger logger)
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string _problem = "The lanes are being made";

    /// <summary>Raised once when all are there.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Done, or why bus subscriptions have to wait.</summary>
    public BusOutcome State => _ready.Task.IsCompletedSuccessfully ? BusOutcome.Done : BusOutcome.Waiting(_problem);

    /// <summary>
    /// A tick may be sent again for seven minutes: from two before its time to five after it.
    /// </summary>
    private static readonly TimeSpan TickWindow = TimeSpan.FromMinutes(10);

    /// <summary>The queues, targets first.</summary>
    public static IReadOnlyList<BusQueue> Queues(TimeSpan lockDuration)
    {
        string[] lanes = [EntityNames.TriggersLane, EntityNames.SubscriptionsLane, EntityNames.SourcesLane];
        var queues = new List<BusQueue> { new(EntityNames.DeadLetters) { LockDuration = lockDuration } };
        foreach (var lane in lanes)
        {
            queues.Add(new BusQueue(lane)
            {
                // Ticks of sources carry their own MessageId; copies of one event for several Triggers share theirs.
                RequiresDuplicateDetection = lane == EntityNames.SourcesLane,
                DuplicateDetectionWindow = lane == EntityNames.SourcesLane ? TickWindow : null,
                ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
                LockDuration = lockDuration,
            });
            queues.Add(new BusQueue(EntityNames.Retries(lane))
            {
                RequiresDuplicateDetection = true,
                ForwardTo = lane,
                ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
                LockDuration = lockDuration,
            });
        }

        return queues;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var wait = await EnsureAsync(cancellationToken);
                await Task.Delay(wait, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task<TimeSpan> EnsureAsync(CancellationToken cancellationToken)
    {
        foreach (var queue in Queues(lockDuration))
        {
            var owner = new BusOwner("Lane", "", queue.Name, installation);
            var outcome = await bus.EnsureAsync(queue, owner, null, cancellationToken);
            if (!outcome.IsDone)
            {
                if (_problem != outcome.Message)
                {
                    Log.NotReady(logger, queue.Name, outcome.Message);
                }

                _problem = outcome.Message;
                return outcome.RetryAfter;
            }
        }

        _ready.TrySetResult();
        return bus.DriftPeriod;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} is not in place: {Why}")]
        public static partial void NotReady(ILogger logger, string queue, string why);
    }
}
