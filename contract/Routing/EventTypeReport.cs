// What the functions tell the operator when it asks: which types of events they have seen come in.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ServerlessEventing.Contract.Routing;

/// <summary>
/// A batch of event types that an instance of the functions saw. Asked for by the header <see cref="AskedBy"/> on the
/// routing table, and sent there by POST. Not a part of any event's path: a report that is lost is made again.
/// </summary>
public sealed record EventTypeReport
{
    /// <summary>
    /// Header of the answer to a poll of the routing table: where to report, relative to the table's own address.
    /// Without it nobody wants to know.
    /// </summary>
    public const string AskedBy = "X-Eventing-Report-Types";

    /// <summary>The most types a report has; who has more sends several.</summary>
    public const int MaxTypes = 100;

    /// <summary>The longest report, in bytes.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>What was seen, each once.</summary>
    public IReadOnlyList<SeenEventType> Types { get; init => field = value ?? []; } = [];

    /// <summary>The report as JSON.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, EventTypeReportContext.Default.EventTypeReport);

    /// <summary>Reads a report; null when the bytes are none.</summary>
    public static EventTypeReport? FromUtf8(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonSerializer.Deserialize(utf8, EventTypeReportContext.Default.EventTypeReport);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>One type of event, from one source, at one Broker or Channel.</summary>
/// <param name="Ingress">UID of the Broker or Channel.</param>
/// <param name="Type">The event's <c>type</c>.</param>
/// <param name="Source">The event's <c>source</c>.</param>
/// <param name="Schema">The event's <c>dataschema</c>, if it had one.</param>
public sealed record SeenEventType(string Ingress, string Type, string Source, string? Schema = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(EventTypeReport))]
internal sealed partial class EventTypeReportContext : JsonSerializerContext;
