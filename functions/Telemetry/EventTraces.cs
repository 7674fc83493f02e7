// Spans of an event's way: one at the ingress, one for each message, one for each time it is handed on.
using System.Diagnostics;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Publishing;
using RoutedIngress = ServerlessEventing.Contract.Routing.Ingress;

namespace ServerlessEventing.Functions.Telemetry;

/// <summary>
/// <code>
///   producer's span
///     └ broker:default.ns                     its id goes onto the bus with the message
///         ├ trigger:orders.ns                 for each message that is taken from a lane
///         │   ├ send http://…                 for each try; its id is the subscriber's traceparent
///         │   └ send ns--default-kn-ingress   the reply; its id goes onto the bus with it
///         └ trigger:audit.ns
/// </code>
/// Ids and addresses are on spans only. A method returns null while nobody listens, and then ids pass as they do
/// without spans.
/// </summary>
internal static class EventTraces
{
    public const string SourceName = "ServerlessEventing.Functions";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether anybody would see a span.</summary>
    public static bool AreWanted => Source.HasListeners();

    /// <summary>An event is taken in by an address.</summary>
    public static Activity? TakeIn(RoutedIngress ingress, CloudEvent cloudEvent, IHeaderDictionary headers)
    {
        if (!AreWanted)
        {
            return null;
        }

        var labels = Labels.Of(ingress);
        var span = Start(labels.Span(ingress.Topic), ActivityKind.Producer, HopHeaders.Origin(headers, cloudEvent));
        Describe(span, labels, cloudEvent)?.SetTag("messaging.operation.name", Operation.Publish)
            .SetTag("messaging.destination.name", ingress.Topic);
        return span;
    }

    /// <summary>A message was taken from <paramref name="lane"/>; the egress is null when none is meant.</summary>
    public static Activity? Dispatch(
        Egress? egress, CloudEvent? cloudEvent, string lane, IReadOnlyList<KeyValuePair<string, object>> others)
    {
        if (!AreWanted)
        {
            return null;
        }

        var labels = Labels.Of(egress);
        var span = Start(labels.Span(lane), ActivityKind.Consumer, HopHeaders.Origin(others));
        Describe(span, labels, cloudEvent)?.SetTag("messaging.operation.name", "dispatch")
            .SetTag("messaging.destination.name", lane);
        return span;
    }

    /// <summary>A request to an egress's own address is dispatched as if its event had come from the bus.</summary>
    public static Activity? Dispatch(Egress egress, CloudEvent cloudEvent, string path, IHeaderDictionary headers)
    {
        if (!AreWanted)
        {
            return null;
        }

        var labels = Labels.Of(egress);
        var span = Start(labels.Span(path), ActivityKind.Server, HopHeaders.Origin(headers, cloudEvent));
        Describe(span, labels, cloudEvent);
        return span;
    }

    /// <summary>An event is handed to an address or a topic because of the message whose span this is within.</summary>
    public static Activity? Send(ActivityKind kind, string destination)
    {
        // The current span may be the web server's; it is nobody's business here.
        if (!AreWanted || Activity.Current?.Source != Source)
        {
            return null;
        }

        return Source.StartActivity($"send {destination}", kind)
            ?.SetTag("messaging.destination.name", destination);
    }

    /// <summary>Says how a step ended.</summary>
    public static void End(Activity? span, int status, bool failed)
    {
        span?.SetTag(Labels.Status, status);
        span?.SetStatus(failed ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
    }

    private static Activity? Start(string name, ActivityKind kind, ActivityContext origin)
    {
        if (origin == default)
        {
            // A trace of its own, not one of the web server's.
            Activity.Current = null;
        }

        return Source.StartActivity(name, kind, origin);
    }

    private static Activity? Describe(Activity? span, Labels labels, CloudEvent? cloudEvent)
    {
        if (span is not { IsAllDataRequested: true })
        {
            return null;
        }

        foreach (var (name, value) in labels.Tags())
        {
            span.SetTag(name, value);
        }

        span.SetTag("messaging.system", "servicebus");
        if (cloudEvent is not null)
        {
            span.SetTag("messaging.message.id", cloudEvent[AttributeName.Id])
                .SetTag("cloudevents.event_id", cloudEvent[AttributeName.Id])
                .SetTag("cloudevents.event_source", cloudEvent[AttributeName.Source])
                .SetTag("cloudevents.event_type", cloudEvent[AttributeName.Type]);
        }

        return span;
    }
}
