// Tries one destination as often as its policy allows: here while waits are short, on the retries queue otherwise.
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.Functions.Telemetry;

namespace ServerlessEventing.Functions.Delivery;

/// <summary>Runs the tries of one phase of one message.</summary>
internal sealed class Attempts(
    SubscriberClient subscribers, NextSteps next, EventMetrics metrics, TimeProvider time)
{
    private static readonly TimeSpan LongestWaitHere = TimeSpan.FromSeconds(2);

    /// <summary>How long a message may be tried here before it makes room for others.</summary>
    private static readonly TimeSpan StayLimit = TimeSpan.FromSeconds(10);

    /// <summary>The same for tries that can only be made here; well under the lock's renewal.</summary>
    private static readonly TimeSpan ReplyStayLimit = TimeSpan.FromMinutes(5);

    public async Task<AttemptEnd> RunAsync(AttemptPlan plan, CancellationToken cancellationToken)
    {
        var delivery = plan.Route.Egress.Delivery;
        var started = time.GetTimestamp();
        var made = plan.State.Attempt;

        // In order means however long: those behind it wait with it, and the session's lock is renewed.
        var longest = plan.Message.InOrder ? TimeSpan.MaxValue : plan.StaysHere ? ReplyStayLimit : (TimeSpan?)null;
        while (true)
        {
            var outcome = await TryAsync(plan, made, cancellationToken);
            plan.Gate?.Tried(outcome);
            if (outcome.Kind == OutcomeKind.BusUnavailable)
            {
                return new(Ending.Abandoned, outcome);
            }

            if (outcome.Kind != OutcomeKind.Retryable || made >= delivery.Retry)
            {
                return new(null, outcome);
            }

            var wait = RetryRules.Wait(delivery, made, outcome.RetryAfter);
            made++;
            metrics.Retried(plan.Route.Egress);
            if (longest is not null)
            {
                if (time.GetElapsedTime(started) + wait > longest)
                {
                    return new(null, outcome);
                }
            }
            else if (wait > LongestWaitHere || time.GetElapsedTime(started) > StayLimit)
            {
                var failure = plan.State.Phase == DeliveryPhase.DeadLetter
                    ? plan.State.Failure
                    : new DeliveryFailure(plan.Target.Destination.Uri, outcome.Status, outcome.ErrorData);
                var state = plan.State with { Attempt = made, Moves = 0, Failure = failure };
                var lane = plan.Route.RetriesLane(plan.Message.Lane);
                var ending = await next.AgainAsync(
                    plan.Message, state, lane, wait, Ending.Retried, cancellationToken);
                return new(ending, outcome);
            }

            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private async Task<DeliveryOutcome> TryAsync(AttemptPlan plan, int made, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var outcome = await (plan.Target.Topic is { } topic
            ? next.ToTopicAsync(
                plan.Message, plan.Event.Copy(), topic, plan.Step, made, plan.Model, cancellationToken)
            : subscribers.PostAsync(
                plan.Route, plan.Target, plan.Event, plan.Message.Others, plan.WantsReply, cancellationToken));
        metrics.Tried(plan.Route.Egress, plan.Operation, outcome.Status, started);
        return outcome;
    }
}

/// <summary>What is to be tried, and for whom.</summary>
internal sealed record AttemptPlan(
    InboundMessage Message,
    DeliveryState State,
    EgressRoute Route,
    Target Target,
    CloudEvent Event,
    string Step,
    RoutingModel Model)
{
    public const string SubscriberStep = "subscriber";
    public const string ReplyStep = "reply";
    public const string SinkStep = "sink";

    /// <summary>The same step by the name it has in metrics.</summary>
    public string Operation => Step switch
    {
        ReplyStep => Telemetry.Operation.Reply,
        SinkStep => Telemetry.Operation.DeadLetter,
        _ => Telemetry.Operation.Deliver,
    };

    /// <summary>The destination is asked for an event in its answer.</summary>
    public bool WantsReply { get; init; }

    /// <summary>Told how each try ended; null when it is not the gate's own destination that is tried.</summary>
    public EgressGate? Gate { get; init; }

    /// <summary>Every wait happens here, because the retries queue could not carry what is being sent.</summary>
    public bool StaysHere { get; init; }
}

/// <summary>The message has its end already, or the last outcome says what comes next.</summary>
internal readonly record struct AttemptEnd(Ending? Ending, DeliveryOutcome? Outcome);
