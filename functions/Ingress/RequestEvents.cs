// Reads the events of a request in whichever mode of the HTTP binding they came.
using ServerlessEventing.Functions.CloudEvents;

namespace ServerlessEventing.Functions.Ingress;

/// <summary>What a request carries: one event, or a batch of any number.</summary>
internal readonly record struct RequestEvents(IReadOnlyList<CloudEvent> Events, bool IsBatch)
{
    /// <summary>The events, or the problem with them.</summary>
    public static (RequestEvents Read, Problem? Problem) Read(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        CloudEvent? cloudEvent;
        EventFault? fault;
        switch (ContentModes.Of(request.ContentType))
        {
            case ContentMode.Binary:
                _ = BinaryHttp.TryRead(request.Headers, body, out cloudEvent, out fault);
                break;
            case ContentMode.StructuredJson:
                _ = StructuredJson.TryRead(body, out cloudEvent, out fault);
                break;
            case ContentMode.Batch when ContentModes.IsJsonBatch(request.ContentType):
                var (events, faults) = BatchJson.Read(body);
                return (new(events, IsBatch: true), faults.Count == 0 ? null : Problems.NotABatch(faults));
            default:
                cloudEvent = null;
                var shown = AttributeRules.Shown(request.ContentType ?? "");
                fault = new($"The event format {shown} is not read; use {ContentModes.StructuredJsonType}.")
                {
                    UnsupportedFormat = true,
                };
                break;
        }

        return cloudEvent is null
            ? (default, Problems.NotAnEvent(fault!))
            : (new([cloudEvent], IsBatch: false), null);
    }
}
