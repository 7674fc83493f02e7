// Puts the events of a request onto the bus: all of them, or none.
using System.Diagnostics;
using System.Globalization;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.EventTypes;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Telemetry;
using ServerlessEventing.ServiceBus;
using RoutedIngress = ServerlessEventing.Contract.Routing.Ingress;

namespace ServerlessEventing.Functions.Ingress;

/// <summary>The last checks of an event, and the one publish; a batch goes to the bus as one transfer.</summary>
internal sealed class Intake(BusPublisher publisher, EventMetrics metrics, SeenTypes types, TimeProvider time)
{
    private const int InitialTtl = 255;
    private const int MaxAttributeBytes = 60 * 1024;

    private static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Takes a round off each event's TTL and stamps its arrival, as every Broker does.</summary>
    public Problem? EnterBroker(RequestEvents read)
    {
        for (var i = 0; i < read.Events.Count; i++)
        {
            if (EnterBroker(read.Events[i]) is { } problem)
            {
                return read.IsBatch ? Problems.Of(problem, i) : problem;
            }
        }

        return null;
    }

    /// <summary>Publishes the events to the topic of an ingress; null once the bus has them.</summary>
    public async ValueTask<Problem?> PublishAsync(
        RoutedIngress ingress,
        RequestEvents read,
        IHeaderDictionary headers,
        CancellationToken cancellationToken)
    {
        using var spans = new IngressSpans(read.Events.Count);
        var messages = new ServiceBusMessage[read.Events.Count];
        for (var i = 0; i < messages.Length; i++)
        {
            var span = spans.Start(ingress, read.Events[i], headers);
            if (Write(ingress, read.Events[i], headers, span, out messages[i]) is { } problem)
            {
                spans.End(problem.Status);
                return read.IsBatch ? Problems.Of(problem, i) : problem;
            }
        }

        if (messages.Length == 0)
        {
            return null;
        }

        var started = time.GetTimestamp();
        var result = await PublishAsync(ingress.Topic, messages, cancellationToken);
        var refused = result == PublishResult.Confirmed ? null : Problems.NotPublished(result, publisher.EventLimit);
        var status = refused?.Status ?? StatusCodes.Status202Accepted;
        spans.End(status);
        metrics.Published(ingress, status, started);
        if (refused is null)
        {
            metrics.Accepted(ingress, messages.Length);
            foreach (var accepted in read.Events)
            {
                types.Saw(ingress, accepted);
            }
        }

        return refused;
    }

    private async ValueTask<PublishResult> PublishAsync(
        string topic, ServiceBusMessage[] messages, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(PublishTimeout);
        try
        {
            return messages.Length == 1
                ? await publisher.PublishAsync(topic, messages[0], timeout.Token)
                : await publisher.PublishAsync(topic, messages, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return PublishResult.Unreachable;
        }
    }

    private Problem? EnterBroker(CloudEvent cloudEvent)
    {
        var ttl = InitialTtl;
        if (cloudEvent[AttributeName.BrokerTtl] is { } text
            && (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out ttl)
                || --ttl <= 0))
        {
            return Problems.TtlExhausted(text);
        }

        cloudEvent.Set(AttributeName.BrokerTtl, ttl.ToString(CultureInfo.InvariantCulture));
        cloudEvent.Set(AttributeName.ArrivalTime, Rfc3339.Write(time.GetUtcNow()));
        return null;
    }

    private Problem? Write(
        RoutedIngress ingress, CloudEvent cloudEvent, IHeaderDictionary headers, Activity? span,
        out ServiceBusMessage message)
    {
        message = null!;
        if (!HopHeaders.TryRead(headers, out var hop))
        {
            return Problems.TooManyHeaders;
        }

        HopHeaders.AddTrace(headers, cloudEvent, span, hop);
        var limit = publisher.EventLimit;
        var bytes = EventMessages.PropertyBytes(cloudEvent, hop, out var largest);
        if (bytes > MaxAttributeBytes)
        {
            return Problems.TooManyAttributeBytes(MaxAttributeBytes, largest);
        }

        if (bytes + cloudEvent.Data.Length > limit)
        {
            return Problems.TooLarge(limit);
        }

        var id = Ulid.New(time);
        var expires = cloudEvent[AttributeName.ExpiryTime];
        message = EventMessages.Write(cloudEvent, new() { Id = id, Expires = expires }, hop);
        message.MessageId = ingress.DropsDuplicates ? MessageIds.Of(cloudEvent) : id;
        message.SessionId = SessionIds.Of(cloudEvent);
        return null;
    }
}
