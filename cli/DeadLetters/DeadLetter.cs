// One event that could not be delivered, and why.
using System.Text.Json.Serialization;

namespace ServerlessEventing.Cli.DeadLetters;

/// <summary>One message of <c>eventing-deadletters</c>.</summary>
internal sealed record DeadLetter
{
    public required long SequenceNumber { get; init; }

    public required DateTimeOffset EnqueuedTime { get; init; }

    /// <summary>Never empty: ours, or the bus's own.</summary>
    public required string Reason { get; init; }

    public string? Egress { get; init; }

    public string? EventId { get; init; }

    public string? EventType { get; init; }

    public string? EventSource { get; init; }

    /// <summary>The address that failed last.</summary>
    public string? ErrorDestination { get; init; }

    /// <summary>The status it answered.</summary>
    public string? ErrorCode { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DeadLetter))]
internal sealed partial class DeadLetterContext : JsonSerializerContext;
