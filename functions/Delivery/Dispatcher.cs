// Takes one message from a lane to its end: delivered, discarded, tried again later, or among the dead letters.
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.EventTypes;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.Functions.Sources;
using ServerlessEventing.Functions.Telemetry;

namespace ServerlessEventing.Functions.Delivery;

/// <summary>
/// The one dispatcher behind both doors and every function that empties a lane.
/// <code>
///   message ─► 1 fit to be dispatched? ─ no ──────────────────────────► dead letters
///                     │
///              2 egress in the table? ─ deleted, draining, expired ────► discarded, as a tick of a source since edited
///                     │                 not yet here, unresolved ──────► retries queue, 5 s
///              3 filter passes? ─ no ──────────────────────────────────► discarded
///                     │
///              4 gate ─ full ──────────────────────────────────────────► retries queue, its slot
///                     │
///              5 subscriber ─ 2xx ─► 6 reply ──────────────────────────► reply topic, or reply address
///                     │ exhausted            │ failed for good
///              7 dead-letter sink ◄──────────┘   ─ none, or it fails ──► dead letters
/// </code>
/// Waits of up to 2 s happen here, longer ones on the retries queue; each next step is confirmed by the bus before the
/// message is settled. A crash in between repeats a delivery, it never loses one.
/// </summary>
internal sealed partial class Dispatcher(
    RoutingTables tables,
    EgressGates gates,
    Attempts attempts,
    NextSteps next,
    EventMetrics metrics,
    SeenTypes types,
    TimeProvider time,
    ILogger<Dispatcher> logger)
{
    private const int PoisonAfter = 20;

    private static readonly TimeSpan UnknownEgressWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRedeliveryPause = TimeSpan.FromSeconds(2);

    /// <summary>Dispatches one message and says how to settle it.</summary>
    public async Task<Settlement> DispatchAsync(InboundMessage message, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var model = tables.Current!;
        var route = model.Egress(message.State.Egress ?? "");
        using var span = EventTraces.Dispatch(route?.Egress, message.Event, message.Lane, message.Others);
        var ending = await DispatchAsync(message, route, model, started, cancellationToken);
        metrics.Ended(route?.Egress, ending.Word, ending.Reason);
        span?.SetTag("eventing.ending", ending.Word).SetTag("eventing.reason", ending.Reason);
        return ending.Settlement;
    }

    private async Task<Ending> DispatchAsync(
        InboundMessage message, EgressRoute? route, RoutingModel model, long started,
        CancellationToken cancellationToken)
    {
        // 1: fit to be dispatched?
        var state = message.State;
        if (Unfit(message) is var (reason, detail))
        {
            return await DeadLetterAsync(message, state, route, reason, detail, cancellationToken);
        }

        // 2: the egress.
        if (route is null && model.Generation >= state.Since)
        {
            return await GoneAsync(message, null, "deleted", cancellationToken);
        }

        if (route is null or { Egress.State: EgressState.Unresolved })
        {
            if (route is null)
            {
                tables.RequestRefresh();
            }

            return await next.AgainAsync(
                message, state, message.Lane, UnknownEgressWait, Ending.Early, cancellationToken);
        }

        if (route.Egress.State == EgressState.Draining)
        {
            return await GoneAsync(message, route, "draining", cancellationToken);
        }

        if (Discarded(message, route, model) is { } why)
        {
            return Ending.Discarded(why);
        }

        if (route.FilterError is { } error)
        {
            return await DeadLetterAsync(
                message, state, route, DeadLetterReason.InvalidFilter, error, cancellationToken);
        }

        // 4: the gate.
        var gate = gates.Of(route.Egress);
        if (await EnterAsync(message, route, gate, cancellationToken) is { } sentAway)
        {
            return sentAway;
        }

        metrics.Processed(route.Egress, started);
        var entered = time.GetTimestamp();
        try
        {
            await PauseBeforeRedeliveryAsync(message.DeliveryCount, cancellationToken);
            return state.Phase == DeliveryPhase.Deliver
                ? await DeliverAsync(message, route, gate, model, cancellationToken)
                : await ToSinkAsync(message, state, route, model, cancellationToken);
        }
        finally
        {
            gate.Leave(entered);
        }
    }

    // 2, 3: why nobody is owed the event; null when somebody is.
    private string? Discarded(InboundMessage message, EgressRoute route, RoutingModel model)
    {
        var cloudEvent = message.Event!;
        var state = message.State;
        return !message.IsReplayed && TickRules.IsSuperseded(cloudEvent, message.Others, route.Egress, model)
                ? "superseded"
            : state.Expires is { } text && Rfc3339.TryParse(text, out var expires) && expires <= time.GetUtcNow()
                ? "expired"

            // The rule on the bus may have let more through than the filter passes.
            : state.Phase == DeliveryPhase.Deliver && route.Filter?.Passes(cloudEvent) == false ? "filtered"
            : null;
    }

    // 4: null once it is in. What came by its egress's own way waits here: nobody else's is behind it.
    private async ValueTask<Ending?> EnterAsync(
        InboundMessage message, EgressRoute route, EgressGate gate, CancellationToken cancellationToken)
    {
        var state = message.State;
        while (await gate.EnterAsync(state.Moves, cancellationToken) is { } slot)
        {
            if (message.Dedicated is null)
            {
                return await next.AgainAsync(
                    message,
                    state with { Moves = state.Moves + 1 },
                    route.RetriesLane(message.Lane),
                    slot,
                    Ending.Moved,
                    cancellationToken);
            }

            await Task.Delay(slot, time, cancellationToken);
        }

        return null;
    }

    // 5: the subscriber.
    private async Task<Ending> DeliverAsync(
        InboundMessage message, EgressRoute route, EgressGate gate, RoutingModel model,
        CancellationToken cancellationToken)
    {
        if (route.Subscriber is null)
        {
            return await ReplyAsync(message, message.Event!.Copy(), route, model, cancellationToken);
        }

        var end = await attempts.RunAsync(
            new(message, message.State, route, route.Subscriber, message.Event!, AttemptPlan.SubscriberStep, model)
            {
                WantsReply = route.Egress.Kind != EgressKind.Source,
                Gate = gate,
            },
            cancellationToken);
        if (end.Ending is { } ending)
        {
            return ending;
        }

        var outcome = end.Outcome!;
        if (outcome.Kind == OutcomeKind.Delivered)
        {
            return outcome.Reply is null
                ? Ending.Delivered
                : await ReplyAsync(message, outcome.Reply, route, model, cancellationToken);
        }

        return await GiveUpAsync(message, route, route.Subscriber, outcome, model, cancellationToken);
    }

    // 6: the reply. Its failure sends the original on to the dead-letter sink; the subscriber is not called again.
    private async Task<Ending> ReplyAsync(
        InboundMessage message, CloudEvent reply, EgressRoute route, RoutingModel model,
        CancellationToken cancellationToken)
    {
        if (route.Reply is null)
        {
            return Ending.Delivered;
        }

        // The reply goes on with the rounds its event has left, whatever it says itself.
        if (message.Event![AttributeName.BrokerTtl] is { } ttl)
        {
            reply.Set(AttributeName.BrokerTtl, ttl);
        }

        var end = await attempts.RunAsync(
            new(message, message.State with { Attempt = 0 }, route, route.Reply, reply, AttemptPlan.ReplyStep, model)
            {
                StaysHere = true,
            },
            cancellationToken);
        if (end.Ending is { } ending)
        {
            return ending;
        }

        if (end.Outcome!.Kind == OutcomeKind.Delivered)
        {
            metrics.Replied(route.Egress);
            if (route.Reply.Topic is { } topic && model.IngressBehind(topic) is { } back)
            {
                types.Saw(back.Ingress, reply);
            }

            return Ending.Delivered;
        }

        return await GiveUpAsync(message, route, route.Reply, end.Outcome, model, cancellationToken);
    }

    private Task<Ending> GiveUpAsync(
        InboundMessage message, EgressRoute route, Target failed, DeliveryOutcome outcome, RoutingModel model,
        CancellationToken cancellationToken)
    {
        var failure = new DeliveryFailure(failed.Destination.Uri, outcome.Status, outcome.ErrorData);
        var state = message.State with { Phase = DeliveryPhase.DeadLetter, Attempt = 0, Failure = failure };
        Log.GaveUp(logger, state.Id, route.Egress.Namespace, route.Egress.Name, outcome.Status);
        return route.DeadLetterSink is null
            ? DeadLetterAsync(
                message,
                state,
                route,
                DeadLetterReason.DeliveryFailed,
                $"{failure.Destination} failed with {failure.Code}, and there is no dead-letter sink.",
                cancellationToken)
            : ToSinkAsync(message, state, route, model, cancellationToken);
    }

    // 7: the dead-letter sink, tried by the same policy.
    private async Task<Ending> ToSinkAsync(
        InboundMessage message, DeliveryState state, EgressRoute route, RoutingModel model,
        CancellationToken cancellationToken)
    {
        if (route.DeadLetterSink is null)
        {
            const string Gone = "The dead-letter sink was taken away while the event was on its way to it.";
            return await DeadLetterAsync(
                message, state, route, DeadLetterReason.DeliveryFailed, Gone, cancellationToken);
        }

        var copy = WithFailure(message.Event!, state.Failure);
        var end = await attempts.RunAsync(
            new(message, state, route, route.DeadLetterSink, copy, AttemptPlan.SinkStep, model), cancellationToken);
        if (end.Ending is { } ending)
        {
            return ending;
        }

        if (end.Outcome!.Kind == OutcomeKind.Delivered)
        {
            return Ending.Sunk;
        }

        var detail = $"{state.Failure?.Destination} failed with {state.Failure?.Code}, and the dead-letter sink "
            + $"{route.DeadLetterSink.Destination.Uri} with {end.Outcome.Status}.";
        return await DeadLetterAsync(
            message, state, route, DeadLetterReason.DeadLetterSinkFailed, detail, cancellationToken);
    }

    private static CloudEvent WithFailure(CloudEvent cloudEvent, DeliveryFailure? failure)
    {
        var copy = cloudEvent.Copy();
        if (failure is not null)
        {
            copy.Set(AttributeName.ErrorDestination, failure.Destination);
            copy.Set(AttributeName.ErrorCode, failure.Code.ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (failure.Data is not null)
            {
                copy.Set(AttributeName.ErrorData, failure.Data);
            }
        }

        return copy;
    }

    private static (string Reason, string Detail)? Unfit(InboundMessage message) =>
        message.Fault is { } fault ? (DeadLetterReason.NotAnEvent, fault.Detail)
        : string.IsNullOrEmpty(message.State.Egress)
            ? (DeadLetterReason.NoEgress, "The message bears no eventing_egress; was it sent to the lane by hand?")
        : message.DeliveryCount > PoisonAfter
            ? (DeadLetterReason.Poison, $"Handed out {message.DeliveryCount} times without being settled.")
        : null;

    private Task<Ending> DeadLetterAsync(
        InboundMessage message,
        DeliveryState state,
        EgressRoute? route,
        string reason,
        string detail,
        CancellationToken cancellationToken)
    {
        Log.DeadLettered(logger, state.Id, state.Egress, reason);
        return next.DeadLetterAsync(message, state, route?.Egress, reason, detail, cancellationToken);
    }

    // What goes with its egress is no loss, unless someone has just asked for it to be delivered.
    private async Task<Ending> GoneAsync(
        InboundMessage message, EgressRoute? route, string why, CancellationToken cancellationToken)
    {
        const string Detail = "Sent again from the dead letters, but its Trigger, Subscription or source is deleted.";
        return message.IsReplayed
            ? await DeadLetterAsync(
                message, message.State, route, DeadLetterReason.EgressGone, Detail, cancellationToken)
            : Ending.Discarded(why);
    }

    // A message that came back unsettled met a crash or a bus that refuses; a short breath keeps it from spinning.
    private async Task PauseBeforeRedeliveryAsync(int deliveryCount, CancellationToken cancellationToken)
    {
        if (deliveryCount > 1)
        {
            var pause = TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(deliveryCount - 2, 10)));
            await Task.Delay(pause < LongestRedeliveryPause ? pause : LongestRedeliveryPause, time, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(301, LogLevel.Warning,
            "Event {EventId} given up by the subscriber of {Namespace}/{Name} with {Status}")]
        public static partial void GaveUp(ILogger logger, string? eventId, string @namespace, string name, int status);

        [LoggerMessage(302, LogLevel.Warning, "Event {EventId} of egress {Egress} to the dead letters: {Reason}")]
        public static partial void DeadLettered(ILogger logger, string? eventId, string? egress, string reason);
    }
}
