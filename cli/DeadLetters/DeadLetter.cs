// One event that could not be delivered, and why.
using System.Text.Json.Serialization;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Cli.DeadLetters;

/// <summary>One message of <c>eventing-deadletters</c>.</summary>
internal sealed record DeadLetter
{
    public required long SequenceNumber { get; init; }

    public required DateTimeOffset EnqueuedTime { get; init; }

    /// <summary>Never empty: ours, or the bus's own.</summary>
    public required string Reason { get; init; }

    /// <summary>The reason in a sentence.</summary>
    public string? Detail { get; init; }

    public string? Egress { get; init; }

    /// <summary>The Trigger or Subscription it was for, <c>namespace/name</c>; null when the bus gave it up.</summary>
    public string? Trigger { get; init; }

    /// <summary>The id it bore on its way through us, the same for each of its copies.</summary>
    public string? EventingId { get; init; }

    public string? EventId { get; init; }

    public string? EventType { get; init; }

    public string? EventSource { get; init; }

    /// <summary>RFC 3339 time after which it is not delivered any more.</summary>
    public string? Expires { get; init; }

    /// <summary>The address that failed last.</summary>
    public string? ErrorDestination { get; init; }

    /// <summary>The status it answered.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The lane of its egress; null when the message does not say.</summary>
    [JsonIgnore]
    public string? Lane { get; init; }

    public static DeadLetter Of(ServiceBusReceivedMessage message)
    {
        return new()
        {
            SequenceNumber = message.SequenceNumber,
            EnqueuedTime = message.EnqueuedTime,
            Reason = Text(MessageProperties.DeadLetterReason) ?? message.DeadLetterReason ?? "Unknown",
            Detail = Text(MessageProperties.DeadLetterDetail) ?? message.DeadLetterErrorDescription
                ?? (message.DeadLetterReason is null
                    ? "The message bears no reason; was it sent to the dead letters by hand?" : null),
            Egress = Text(MessageProperties.Egress),
            Trigger = Text(MessageProperties.EgressName),
            EventingId = Text(MessageProperties.Id),
            EventId = Text(MessageProperties.AttributePrefix + "id"),
            EventType = Text(MessageProperties.AttributePrefix + "type"),
            EventSource = Text(MessageProperties.AttributePrefix + "source"),
            Expires = Text(MessageProperties.Expires),
            ErrorDestination = Text(MessageProperties.ErrorDestination),
            ErrorCode = Text(MessageProperties.ErrorCode),
            Lane = Text(MessageProperties.Lane),
        };

        string? Text(string name) =>
            message.ApplicationProperties.GetValueOrDefault(name)?.ToString() is { Length: > 0 } text ? text : null;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DeadLetter))]
internal sealed partial class DeadLetterContext : JsonSerializerContext;
