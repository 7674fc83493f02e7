// Makes received messages without a broker, for tests of code that handles them.
namespace ServerlessEventing.ServiceBus;

/// <summary>Makes instances of types that otherwise only the client makes.</summary>
public static class ServiceBusModelFactory
{
    /// <summary>A received message with these values.</summary>
    public static ServiceBusReceivedMessage ServiceBusReceivedMessage(
        BinaryData? body = null,
        string? messageId = null,
        string? partitionKey = null,
        string? sessionId = null,
        string? replyToSessionId = null,
        TimeSpan timeToLive = default,
        string? correlationId = null,
        string? subject = null,
        string? to = null,
        string? contentType = null,
        string? replyTo = null,
        DateTimeOffset scheduledEnqueueTime = default,
        IDictionary<string, object>? properties = null,
        Guid lockTokenGuid = default,
        int deliveryCount = 0,
        DateTimeOffset lockedUntil = default,
        long sequenceNumber = -1,
        string? deadLetterSource = null,
        long enqueuedSequenceNumber = 0,
        DateTimeOffset enqueuedTime = default,
        ServiceBusMessageState serviceBusMessageState = ServiceBusMessageState.Active) => new()
        {
            Body = body ?? BinaryData.Empty,
            MessageId = messageId ?? "",
            PartitionKey = partitionKey,
            SessionId = sessionId,
            ReplyToSessionId = replyToSessionId,
            TimeToLive = timeToLive == default ? TimeSpan.MaxValue : timeToLive,
            CorrelationId = correlationId,
            Subject = subject,
            To = to,
            ContentType = contentType,
            ReplyTo = replyTo,
            ScheduledEnqueueTime = scheduledEnqueueTime,
            ApplicationProperties = properties is null ? [] : new Dictionary<string, object>(properties),
            LockTokenGuid = lockTokenGuid,
            DeliveryCount = deliveryCount,
            LockedUntil = lockedUntil,
            SequenceNumber = sequenceNumber,
            DeadLetterSource = deadLetterSource,
            EnqueuedSequenceNumber = enqueuedSequenceNumber,
            EnqueuedTime = enqueuedTime,
            ExpiresAt = timeToLive == default || DateTimeOffset.MaxValue - enqueuedTime <= timeToLive
                ? DateTimeOffset.MaxValue
                : enqueuedTime + timeToLive,
            State = serviceBusMessageState,
        };
}
