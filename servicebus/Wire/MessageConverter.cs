// Between our messages and AMQP's: sections, annotations and the value types that Service Bus describes itself.
using System.Collections;
using System.Runtime.InteropServices;
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>Both directions of the translation.</summary>
internal static class MessageConverter
{
    public const uint BatchFormat = 0x80013700;

    private const string EnqueuedTime = "x-opt-enqueued-time";
    private const string ScheduledEnqueueTime = "x-opt-scheduled-enqueue-time";
    private const string SequenceNumber = "x-opt-sequence-number";
    private const string EnqueueSequenceNumber = "x-opt-enqueue-sequence-number";
    private const string LockedUntil = "x-opt-locked-until";
    private const string PartitionKey = "x-opt-partition-key";
    private const string MessageState = "x-opt-message-state";
    private const string DeadLetterSource = "x-opt-deadletter-source";

    private const string TimeSpanType = "com.microsoft:timespan";
    private const string UriType = "com.microsoft:uri";
    private const string DateTimeOffsetType = "com.microsoft:datetime-offset";

    public static Message ToAmqp(ServiceBusMessage message, TimeProvider timeProvider)
    {
        var amqp = new Message
        {
            BodySection = message.StructuredBody is { } structured
                ? BodyConverter.ToSection(structured)
                : ToData(message.Body.ToMemory()),
            Properties = ToProperties(message),
            MessageAnnotations = ToAnnotations(message),
        };
        if (message.ApplicationProperties.Count > 0)
        {
            amqp.ApplicationProperties = new();
            foreach (var (name, value) in message.ApplicationProperties)
            {
                amqp.ApplicationProperties[name] = ToAmqpValue(name, value);
            }
        }

        SetTimeToLive(amqp, message.TimeToLive, timeProvider);
        return amqp;
    }

    /// <summary>A data section over the same bytes; they are copied once, into the frame.</summary>
    public static Data ToData(ReadOnlyMemory<byte> bytes) => MemoryMarshal.TryGetArray(bytes, out var segment)
        ? new() { Buffer = new(segment.Array!, segment.Offset, segment.Count, segment.Count) }
        : new() { Binary = bytes.ToArray() };

    public static ServiceBusReceivedMessage ToReceived(Message message, Delivery? delivery, Guid lockToken = default)
    {
        var properties = message.Properties;
        var annotations = message.MessageAnnotations?.Map;
        var enqueued = Time(annotations, EnqueuedTime);
        var timeToLive = message.Header is { } header && header.HasField(2) && header.Ttl != uint.MaxValue
            ? TimeSpan.FromMilliseconds(header.Ttl)
            : TimeSpan.MaxValue;
        if (properties is not null && properties.HasField(8) && properties.HasField(9))
        {
            timeToLive = properties.AbsoluteExpiryTime - properties.CreationTime;
        }

        return new()
        {
            Body = BodyConverter.ToBinary(message.BodySection),
            StructuredBody = BodyConverter.ToStructured(message.BodySection),
            ApplicationProperties = ToApplicationProperties(message.ApplicationProperties),
            MessageId = properties?.GetMessageId()?.ToString() ?? "",
            ContentType = properties?.ContentType?.ToString(),
            CorrelationId = properties?.GetCorrelationId()?.ToString(),
            Subject = properties?.Subject,
            To = properties?.To,
            ReplyTo = properties?.ReplyTo,
            ReplyToSessionId = properties?.ReplyToGroupId,
            SessionId = properties?.GroupId,
            PartitionKey = Value(annotations, PartitionKey) as string,
            TimeToLive = timeToLive,
            ScheduledEnqueueTime = Time(annotations, ScheduledEnqueueTime),
            DeliveryCount = (int)(message.Header?.DeliveryCount ?? 0) + 1,
            EnqueuedTime = enqueued,
            SequenceNumber = Value(annotations, SequenceNumber) as long? ?? 0,
            EnqueuedSequenceNumber = Value(annotations, EnqueueSequenceNumber) as long? ?? 0,
            LockedUntil = Time(annotations, LockedUntil),
            ExpiresAt = ExpiresAt(properties, enqueued, timeToLive),
            DeadLetterSource = Value(annotations, DeadLetterSource) as string,
            State = (ServiceBusMessageState)(Value(annotations, MessageState) as int? ?? 0),
            LockTokenGuid = message.DeliveryTag is { Length: 16 } tag ? new Guid(tag) : lockToken,
            Delivery = delivery,
        };
    }

    /// <summary>A value as it goes on the wire; the exception names the property and what it may hold.</summary>
    public static object ToAmqpValue(string name, object? value) => value switch
    {
        null => null!,
        string or bool or byte or sbyte or short or ushort or int or uint or long or ulong or float or double or char
            or Guid or byte[] => value,
        DateTime time => time.ToUniversalTime(),
        DateTimeOffset time => new DescribedValue(new Symbol(DateTimeOffsetType), time.UtcTicks),
        TimeSpan span => new DescribedValue(new Symbol(TimeSpanType), span.Ticks),
        Uri uri => new DescribedValue(new Symbol(UriType), uri.OriginalString),
        ArraySegment<byte> bytes => bytes.ToArray(),
        ReadOnlyMemory<byte> bytes => bytes.ToArray(),
        _ => throw new ArgumentException(
            $"The application property '{name}' is a {value.GetType()}; use a string, a number (not decimal), "
            + "a boolean, Guid, DateTime, DateTimeOffset, TimeSpan, Uri or byte[]."),
    };

    private static Properties ToProperties(ServiceBusMessage message)
    {
        var properties = new Properties();
        if (message.MessageId is { } messageId)
        {
            properties.MessageId = messageId;
        }

        if (message.CorrelationId is { } correlationId)
        {
            properties.CorrelationId = correlationId;
        }

        if (message.ContentType is { } contentType)
        {
            properties.ContentType = contentType;
        }

        if (message.Subject is { } subject)
        {
            properties.Subject = subject;
        }

        if (message.To is { } to)
        {
            properties.To = to;
        }

        if (message.ReplyTo is { } replyTo)
        {
            properties.ReplyTo = replyTo;
        }

        if (message.SessionId is { } sessionId)
        {
            properties.GroupId = sessionId;
        }

        if (message.ReplyToSessionId is { } replyToSessionId)
        {
            properties.ReplyToGroupId = replyToSessionId;
        }

        return properties;
    }

    private static MessageAnnotations? ToAnnotations(ServiceBusMessage message)
    {
        if (message.ScheduledEnqueueTime == default && message.PartitionKey is null)
        {
            return null;
        }

        var annotations = new MessageAnnotations();
        if (message.ScheduledEnqueueTime != default)
        {
            annotations[new Symbol(ScheduledEnqueueTime)] = message.ScheduledEnqueueTime.UtcDateTime;
        }

        if (message.PartitionKey is { } key)
        {
            annotations[new Symbol(PartitionKey)] = key;
        }

        return annotations;
    }

    // A header's ttl ends at 49.7 days; longer lives are told by the pair of times.
    private static void SetTimeToLive(Message message, TimeSpan timeToLive, TimeProvider timeProvider)
    {
        if (timeToLive == TimeSpan.MaxValue)
        {
            return;
        }

        message.Header = new() { Ttl = (uint)Math.Min(timeToLive.TotalMilliseconds, uint.MaxValue) };
        var now = timeProvider.GetUtcNow().UtcDateTime;
        message.Properties.CreationTime = now;
        message.Properties.AbsoluteExpiryTime = DateTime.MaxValue - now > timeToLive
            ? now + timeToLive
            : DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc);
    }

    private static Dictionary<string, object> ToApplicationProperties(ApplicationProperties? section)
    {
        if (section is null)
        {
            return [];
        }

        var properties = new Dictionary<string, object>(section.Map.Count);
        foreach (var (name, value) in section.Map)
        {
            properties[name.ToString()!] = FromAmqpValue(value);
        }

        return properties;
    }

    public static object FromAmqpValue(object? value) => value switch
    {
        DescribedValue described => (described.Descriptor.ToString(), described.Value) switch
        {
            (TimeSpanType, long ticks) => TimeSpan.FromTicks(ticks),
            (DateTimeOffsetType, long ticks) => new DateTimeOffset(ticks, TimeSpan.Zero),
            (UriType, string uri) => new Uri(uri, UriKind.RelativeOrAbsolute),
            _ => described.Value,
        },
        Symbol symbol => symbol.ToString(),
        _ => value!,
    };

    private static DateTimeOffset ExpiresAt(Properties? properties, DateTimeOffset enqueued, TimeSpan timeToLive)
    {
        if (properties is not null && properties.HasField(8))
        {
            return new(properties.AbsoluteExpiryTime, TimeSpan.Zero);
        }

        return DateTimeOffset.MaxValue - enqueued > timeToLive ? enqueued + timeToLive : DateTimeOffset.MaxValue;
    }

    private static object? Value(IDictionary? annotations, string name) =>
        annotations is Dictionary<object, object> map && map.TryGetValue(new Symbol(name), out var value)
            ? value
            : null;

    private static DateTimeOffset Time(IDictionary? annotations, string name) =>
        Value(annotations, name) is DateTime time ? new(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : default;
}
