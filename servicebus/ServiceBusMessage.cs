// A message to be sent.
namespace ServerlessEventing.ServiceBus;

/// <summary>A message to be published to a queue or topic.</summary>
public sealed class ServiceBusMessage
{
    private const int MaxIdLength = 128;

    private BinaryData body = BinaryData.Empty;
    private string? messageId;
    private string? sessionId;
    private string? partitionKey;
    private TimeSpan timeToLive = TimeSpan.MaxValue;

    /// <summary>A message without a body.</summary>
    public ServiceBusMessage()
        : this(BinaryData.Empty)
    {
    }

    /// <summary>A message with a text as its body, in UTF-8.</summary>
    public ServiceBusMessage(string? body)
        : this(body is null ? BinaryData.Empty : BinaryData.FromString(body))
    {
    }

    /// <summary>A message over these bytes; they are not copied until they go out.</summary>
    public ServiceBusMessage(ReadOnlyMemory<byte> body)
        : this(BinaryData.FromBytes(body))
    {
    }

    /// <summary>A message over these bytes; they are not copied until they go out.</summary>
    public ServiceBusMessage(BinaryData body)
    {
        Body = body;
    }

    /// <summary>A new message like a received one, without what the broker added.</summary>
    public ServiceBusMessage(ServiceBusReceivedMessage receivedMessage)
    {
        ArgumentNullException.ThrowIfNull(receivedMessage);
        Body = receivedMessage.Body;
        StructuredBody = receivedMessage.StructuredBody;
        MessageId = string.IsNullOrEmpty(receivedMessage.MessageId) ? null : receivedMessage.MessageId;
        ContentType = receivedMessage.ContentType;
        CorrelationId = receivedMessage.CorrelationId;
        Subject = receivedMessage.Subject;
        To = receivedMessage.To;
        ReplyTo = receivedMessage.ReplyTo;
        ReplyToSessionId = receivedMessage.ReplyToSessionId;
        SessionId = receivedMessage.SessionId;
        PartitionKey = receivedMessage.PartitionKey;
        TimeToLive = receivedMessage.TimeToLive;
        foreach (var (name, value) in receivedMessage.ApplicationProperties)
        {
            if (name is not ("DeadLetterReason" or "DeadLetterErrorDescription"))
            {
                ApplicationProperties[name] = value;
            }
        }
    }

    /// <summary>The payload, one AMQP data section; empty while <see cref="RawBody"/> holds something else.</summary>
    public BinaryData Body
    {
        get => body;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            body = value;
            StructuredBody = null;
        }
    }

    /// <summary>
    /// The payload as any of AMQP's bodies: data, one value, or a sequence of values, as
    /// <c>GetRawAmqpMessage().Body</c> of the official client.
    /// </summary>
    public AmqpMessageBody RawBody
    {
        get => StructuredBody ?? AmqpMessageBody.FromData(Body.ToMemory());
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            body = BinaryData.Empty;
            StructuredBody = value;
        }
    }

    internal AmqpMessageBody? StructuredBody { get; private set; }

    /// <summary>
    /// Named values beside the body: strings, numbers, booleans, <see cref="Guid"/>, <see cref="DateTime"/>,
    /// <see cref="DateTimeOffset"/>, <see cref="TimeSpan"/>, <see cref="Uri"/> or bytes.
    /// </summary>
    public IDictionary<string, object> ApplicationProperties { get; } = new Dictionary<string, object>();

    /// <summary>The id that duplicate detection compares, at most 128 characters.</summary>
    public string? MessageId
    {
        get => messageId;
        set => messageId = Short(value, nameof(MessageId));
    }

    /// <summary>The media type of the body.</summary>
    public string? ContentType { get; set; }

    /// <summary>What this message is correlated with.</summary>
    public string? CorrelationId { get; set; }

    /// <summary>A label; <c>sys.Label</c> in rules.</summary>
    public string? Subject { get; set; }

    /// <summary>A logical destination; the bus does not route by it.</summary>
    public string? To { get; set; }

    /// <summary>Where an answer should go.</summary>
    public string? ReplyTo { get; set; }

    /// <summary>The session an answer should go to.</summary>
    public string? ReplyToSessionId { get; set; }

    /// <summary>The session this message belongs to, at most 128 characters.</summary>
    public string? SessionId
    {
        get => sessionId;
        set
        {
            sessionId = Short(value, nameof(SessionId));
            partitionKey = value is not null && partitionKey is not null ? value : partitionKey;
        }
    }

    /// <summary>Keeps messages of one key together; must equal <see cref="SessionId"/> where both are set.</summary>
    public string? PartitionKey
    {
        get => partitionKey;
        set => partitionKey = value is null || sessionId is null || value == sessionId
            ? Short(value, nameof(PartitionKey))
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, $"PartitionKey must equal SessionId '{sessionId}'.");
    }

    /// <summary>How long the message lives; <see cref="TimeSpan.MaxValue"/> leaves it to the entity.</summary>
    public TimeSpan TimeToLive
    {
        get => timeToLive;
        set => timeToLive = value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "TimeToLive must be positive.");
    }

    /// <summary>The message stays invisible until then; the default value means at once.</summary>
    public DateTimeOffset ScheduledEnqueueTime { get; set; }

    /// <inheritdoc />
    public override string ToString() => $"{{MessageId:{MessageId}}}";

    private static string? Short(string? value, string name) => value is null || value.Length <= MaxIdLength
        ? value
        : throw new ArgumentOutOfRangeException(name, $"{name} has {value.Length} characters, at most {MaxIdLength}.");
}
