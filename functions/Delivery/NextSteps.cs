// Publishes the next step of a message and holds on until the bus has it.
using System.Diagnostics;
using System.Globalization;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.Functions.Telemetry;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Delivery;

/// <summary>
/// A message may only be settled once its next step is confirmed. While the bus refuses, the send is repeated, never
/// the POST; past <see cref="HoldLimit"/> the message is abandoned and comes again.
/// </summary>
internal sealed class NextSteps(BusPublisher publisher, TimeProvider time)
{
    private const int InitialTtl = 255;

    private static readonly TimeSpan HoldLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Sends the message to its retries queue, to come back after <paramref name="wait"/>; that is its
    /// <paramref name="ending"/> here, once the bus has it.
    /// </summary>
    public async Task<Ending> AgainAsync(
        InboundMessage message, DeliveryState state, string lane, TimeSpan wait, Ending ending,
        CancellationToken cancellationToken)
    {
        var next = EventMessages.Write(message.Event!, state, message.Others);
        next.MessageId = IdOf(message, "again-" + state.Phase.Text(), state.Attempt);
        next.ScheduledEnqueueTime = time.GetUtcNow() + wait;
        var result = await HoldAsync(EntityNames.Retries(lane), next, isOurs: true, cancellationToken);
        return result == PublishResult.Confirmed ? ending : Ending.Abandoned;
    }

    /// <summary>Puts the message into the dead letters, with the reason.</summary>
    public async Task<Ending> DeadLetterAsync(
        InboundMessage message,
        DeliveryState state,
        Egress? egress,
        string reason,
        string detail,
        CancellationToken cancellationToken)
    {
        var next = message.Event is { } cloudEvent
            ? EventMessages.Write(cloudEvent, state with { Moves = 0 }, message.Others)
            : Foreign(message, state);
        next.MessageId = IdOf(message, "dead-letters", state.Attempt);
        next.ApplicationProperties[MessageProperties.DeadLetterReason] = reason;
        next.ApplicationProperties[MessageProperties.DeadLetterDetail] = detail;
        if (ReplayLane(message, egress) is { } lane)
        {
            next.ApplicationProperties[MessageProperties.Lane] = lane;
        }

        next.ApplicationProperties.Remove(MessageProperties.Replayed);
        if (egress is not null)
        {
            next.ApplicationProperties[MessageProperties.EgressName] = $"{egress.Namespace}/{egress.Name}";
        }

        var result = await HoldAsync(EntityNames.DeadLetters, next, isOurs: true, cancellationToken);
        return result == PublishResult.Confirmed ? Ending.DeadLettered(reason) : Ending.Abandoned;
    }

    /// <summary>
    /// Publishes an event straight onto a topic of ours, as its ingress would take it in: a Broker's with one round
    /// less to go, a Channel's as it is.
    /// </summary>
    public async Task<DeliveryOutcome> ToTopicAsync(
        InboundMessage message, CloudEvent cloudEvent, string topic, string step, int attempt, RoutingModel model,
        CancellationToken cancellationToken)
    {
        // A topic that is no ingress's is where a Broker takes its replies.
        if (model.IngressBehind(topic) is not { Ingress.Kind: IngressKind.Channel } && !TakeRound(cloudEvent))
        {
            return new() { Kind = OutcomeKind.Refused, Status = StatusCodes.Status400BadRequest };
        }

        var state = new DeliveryState { Id = Ulid.New(time), Expires = cloudEvent[AttributeName.ExpiryTime] };
        using var span = EventTraces.Send(ActivityKind.Producer, topic);
        var next = EventMessages.Write(cloudEvent, state, HopHeaders.Kept(message.Others));
        HopHeaders.Write(span, next.ApplicationProperties);
        next.MessageId = IdOf(message, step, attempt);
        next.SessionId = SessionIds.Of(cloudEvent);
        var outcome = await HoldAsync(topic, next, isOurs: false, cancellationToken) switch
        {
            PublishResult.Confirmed => DeliveryOutcome.Taken,
            PublishResult.TooLarge => new() { Kind = OutcomeKind.Refused, Status = 413 },
            PublishResult.NoEntity => new() { Kind = OutcomeKind.Retryable, Status = 404 },
            _ => new() { Kind = OutcomeKind.BusUnavailable, Status = 503 },
        };
        EventTraces.End(span, outcome.Status, failed: outcome.Kind != OutcomeKind.Delivered);
        return outcome;
    }

    private bool TakeRound(CloudEvent cloudEvent)
    {
        var ttl = InitialTtl;
        if (cloudEvent[AttributeName.BrokerTtl] is { } text
            && (!int.TryParse(text, CultureInfo.InvariantCulture, out ttl) || --ttl <= 0))
        {
            return false;
        }

        cloudEvent.Set(AttributeName.BrokerTtl, ttl.ToString(CultureInfo.InvariantCulture));
        cloudEvent.Set(AttributeName.ArrivalTime, Rfc3339.Write(time.GetUtcNow()));
        return true;
    }

    // A queue of ours that is missing is being made again; a topic that is missing was deleted by its owner.
    private async Task<PublishResult> HoldAsync(
        string entity, ServiceBusMessage message, bool isOurs, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var pause = TimeSpan.FromMilliseconds(250);
        while (true)
        {
            var result = await publisher.PublishAsync(entity, message, cancellationToken);
            var mayPass = result is PublishResult.Busy or PublishResult.Unreachable
                || isOurs && result == PublishResult.NoEntity;
            if (!mayPass || time.GetElapsedTime(started) + pause > HoldLimit)
            {
                return result;
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    // Where a replay is sent. Any shared lane can serve an ordered egress, which has no queue of its own.
    private static string? ReplayLane(InboundMessage message, Egress? egress) =>
        egress is null ? message.Dedicated is null ? message.Lane : null
        : egress.Dedicated is not { } own ? egress.Lane
        : own.Ordered ? null : EntityNames.Retries(egress.Lane);

    private static ServiceBusMessage Foreign(InboundMessage message, DeliveryState state)
    {
        var foreign = message.Foreign!;
        var next = new ServiceBusMessage(foreign.Body) { ContentType = foreign.ContentType };
        foreach (var (name, text) in foreign.Attributes)
        {
            next.ApplicationProperties[name.Property] = text;
        }

        foreach (var (name, value) in message.Others)
        {
            next.ApplicationProperties[name] = value;
        }

        EventMessages.WriteState(state, next.ApplicationProperties);
        return next;
    }

    private static string IdOf(InboundMessage message, string step, int attempt) =>
        MessageIds.Of(message.Lane, message.SequenceNumber, step, attempt, message.State.Id);
}
