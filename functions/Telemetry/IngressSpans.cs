// The spans of one request's events, from the first to the moment the bus has them all.
using System.Diagnostics;
using ServerlessEventing.Functions.CloudEvents;
using RoutedIngress = ServerlessEventing.Contract.Routing.Ingress;

namespace ServerlessEventing.Functions.Telemetry;

/// <summary>Holds nothing while nobody listens.</summary>
internal readonly struct IngressSpans(int events) : IDisposable
{
    private readonly List<Activity>? spans = EventTraces.AreWanted ? new(events) : null;

    public Activity? Start(RoutedIngress ingress, CloudEvent cloudEvent, IHeaderDictionary headers)
    {
        if (spans is null || EventTraces.TakeIn(ingress, cloudEvent, headers) is not { } span)
        {
            return null;
        }

        spans.Add(span);
        return span;
    }

    /// <summary>Says with which status the request is answered.</summary>
    public void End(int status)
    {
        for (var i = 0; i < spans?.Count; i++)
        {
            EventTraces.End(spans[i], status, failed: status >= StatusCodes.Status400BadRequest);
        }
    }

    public void Dispose()
    {
        for (var i = 0; i < spans?.Count; i++)
        {
            spans[i].Dispose();
        }
    }
}
