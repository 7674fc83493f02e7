// A message as the broker handed it out, with what the broker knows about it.
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>A message received, or peeked at.</summary>
public sealed class ServiceBusReceivedMessage
{
    private static readonly Dictionary<string, object> NoProperties = [];

    internal ServiceBusReceivedMessage()
    {
    }

    /// <summary>
    /// The payload, where it is bytes or text; the bytes are those of the received frame. Empty for others, which are in
    /// <see cref="RawBody"/>.
    /// </summary>
    public BinaryData Body { get; internal init; } = BinaryData.Empty;

    /// <summary>The payload as the sender wrote it: data, one value, or a sequence of values.</summary>
    public AmqpMessageBody RawBody => StructuredBody ?? AmqpMessageBody.FromData(Body.ToMemory());

    internal AmqpMessageBody? StructuredBody { get; init; }

    /// <summary>Named values beside the body.</summary>
    public IReadOnlyDictionary<string, object> ApplicationProperties { get; internal init; } = NoProperties;

    /// <summary>The id given by the sender, or by the broker when the sender gave none.</summary>
    public string MessageId { get; internal init; } = "";

    /// <summary>The media type of the body.</summary>
    public string? ContentType { get; internal init; }

    /// <summary>What this message is correlated with.</summary>
    public string? CorrelationId { get; internal init; }

    /// <summary>A label.</summary>
    public string? Subject { get; internal init; }

    /// <summary>A logical destination.</summary>
    public string? To { get; internal init; }

    /// <summary>Where an answer should go.</summary>
    public string? ReplyTo { get; internal init; }

    /// <summary>The session an answer should go to.</summary>
    public string? ReplyToSessionId { get; internal init; }

    /// <summary>The session of the message.</summary>
    public string? SessionId { get; internal init; }

    /// <summary>The partition key.</summary>
    public string? PartitionKey { get; internal init; }

    /// <summary>How long the message lives from <see cref="EnqueuedTime"/>.</summary>
    public TimeSpan TimeToLive { get; internal init; } = TimeSpan.MaxValue;

    /// <summary>When a scheduled message became, or becomes, visible.</summary>
    public DateTimeOffset ScheduledEnqueueTime { get; internal init; }

    /// <summary>How often the message was handed out, this time included.</summary>
    public int DeliveryCount { get; internal init; }

    /// <summary>When the broker took the message.</summary>
    public DateTimeOffset EnqueuedTime { get; internal init; }

    /// <summary>The broker's number of the message, unique in its entity.</summary>
    public long SequenceNumber { get; internal init; }

    /// <summary>The number under which the message was first enqueued, where it was forwarded.</summary>
    public long EnqueuedSequenceNumber { get; internal init; }

    /// <summary>Until when the message is locked for this receiver; moves on when the lock is renewed.</summary>
    public DateTimeOffset LockedUntil { get; internal set; }

    /// <summary>Names the lock; the empty id where there is none.</summary>
    public string LockToken => LockTokenGuid.ToString();

    /// <summary>When the message expires.</summary>
    public DateTimeOffset ExpiresAt { get; internal init; } = DateTimeOffset.MaxValue;

    /// <summary>The entity whose DLQ this message was moved to, where it then was forwarded.</summary>
    public string? DeadLetterSource { get; internal init; }

    /// <summary>Why the message was moved to the DLQ.</summary>
    public string? DeadLetterReason => ApplicationProperties.GetValueOrDefault("DeadLetterReason") as string;

    /// <summary>More on why the message was moved to the DLQ.</summary>
    public string? DeadLetterErrorDescription =>
        ApplicationProperties.GetValueOrDefault("DeadLetterErrorDescription") as string;

    /// <summary>Where in its life the message is.</summary>
    public ServiceBusMessageState State { get; internal init; }

    internal Guid LockTokenGuid { get; init; }

    /// <summary>The way back to the link that delivered it; null for peeked and deferred messages.</summary>
    internal Delivery? Delivery { get; init; }

    /// <inheritdoc />
    public override string ToString() => $"{{MessageId:{MessageId}}}";
}
