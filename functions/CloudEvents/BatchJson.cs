// Reads the JSON batch format: an array of events, each read as if it had come by itself.
using System.Text.Json;

namespace ServerlessEventing.Functions.CloudEvents;

/// <summary>
/// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#4-json-batch-format.
/// One bad element spoils the batch; each is named by its index.
/// </summary>
internal static class BatchJson
{
    /// <summary>As many messages as the bus takes together.</summary>
    public const int MaxEvents = 4500;

    /// <summary>Enough to mend what is wrong; a batch of nothing but faults shall not make a long answer.</summary>
    private const int MostFaultsTold = 20;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1001 };

    /// <summary>The events, or what is wrong with some of them.</summary>
    public static (IReadOnlyList<CloudEvent> Events, IReadOnlyList<EventFault> Faults) Read(ReadOnlyMemory<byte> utf8)
    {
        var elements = new List<Range>();
        try
        {
            var reader = new Utf8JsonReader(utf8.Span, Options);
            if (Split(ref reader, elements) is { } fault)
            {
                return ([], [fault]);
            }
        }
        catch (JsonException e)
        {
            return ([], [new($"The body is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.")]);
        }

        var events = new List<CloudEvent>(elements.Count);
        var faults = new List<EventFault>();
        for (var index = 0; index < elements.Count && faults.Count < MostFaultsTold; index++)
        {
            if (!StructuredJson.TryRead(utf8[elements[index]], out var cloudEvent, out var fault)
                || (fault = DifferentVersion(cloudEvent, events)) is not null)
            {
                faults.Add(fault with { Index = index });
            }
            else
            {
                events.Add(cloudEvent);
            }
        }

        return (events, faults);
    }

    private static EventFault? Split(ref Utf8JsonReader reader, List<Range> elements)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
        {
            return new("The body is not a JSON array; a batch of CloudEvents is one.");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (elements.Count == MaxEvents)
            {
                return new($"The batch has more than {MaxEvents} events; send it in parts.");
            }

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            elements.Add(start..(int)reader.BytesConsumed);
        }

        // The array is closed; one more read finds whatever follows it.
        reader.Read();
        return null;
    }

    private static EventFault? DifferentVersion(CloudEvent cloudEvent, List<CloudEvent> before) =>
        before.Count == 0 || before[0][AttributeName.SpecVersion] == cloudEvent[AttributeName.SpecVersion]
            ? null
            : new("All events of a batch have the same specversion; send the others apart.", "specversion");
}
