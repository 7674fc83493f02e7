// Messages that go out as one transfer.
using Amqp;
using Amqp.Framing;
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>Messages that the broker takes together; each is encoded when it is added, so its size is exact.</summary>
public sealed class ServiceBusMessageBatch : IDisposable
{
    private const int MaxMessages = 4500;

    // The described data section around each message, and the envelope's own sections.
    private const int SectionOverhead = 8;
    private const int EnvelopeOverhead = 64;

    private readonly TimeProvider timeProvider;
    private readonly List<ByteBuffer> encoded = [];
    private ServiceBusMessage? first;

    internal ServiceBusMessageBatch(long maxSizeInBytes, TimeProvider timeProvider)
    {
        MaxSizeInBytes = maxSizeInBytes;
        this.timeProvider = timeProvider;
    }

    /// <summary>The most that fits.</summary>
    public long MaxSizeInBytes { get; }

    /// <summary>What is in it, as it goes on the wire.</summary>
    public long SizeInBytes { get; private set; }

    /// <summary>How many messages are in it.</summary>
    public int Count => encoded.Count;

    /// <summary>Adds a message if it fits.</summary>
    public bool TryAddMessage(ServiceBusMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (encoded.Count >= MaxMessages)
        {
            return false;
        }

        var bytes = MessageConverter.ToAmqp(message, timeProvider).Encode();
        var size = (SizeInBytes == 0 ? EnvelopeSize(message) : SizeInBytes) + bytes.Length + SectionOverhead;
        if (size > MaxSizeInBytes)
        {
            return false;
        }

        first ??= message;
        encoded.Add(bytes);
        SizeInBytes = size;
        return true;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        encoded.Clear();
        first = null;
        SizeInBytes = 0;
    }

    // The broker reads id, session and partition of a batch from the envelope: those of the first message.
    internal Message ToAmqp()
    {
        var envelope = MessageConverter.ToAmqp(
            new ServiceBusMessage
            {
                MessageId = first!.MessageId,
                SessionId = first.SessionId,
                PartitionKey = first.PartitionKey,
            },
            timeProvider);
        envelope.Format = MessageConverter.BatchFormat;
        if (encoded.Count == 1)
        {
            envelope.BodySection = ToSection(encoded[0]);
            return envelope;
        }

        var sections = new DataList();
        foreach (var bytes in encoded)
        {
            sections.Add(ToSection(bytes));
        }

        envelope.BodySection = sections;
        return envelope;
    }

    private static Data ToSection(ByteBuffer bytes) => new()
    {
        Buffer = new(bytes.Buffer, bytes.Offset, bytes.Length, bytes.Length),
    };

    private static long EnvelopeSize(ServiceBusMessage message) => EnvelopeOverhead
        + (3 * (Length(message.MessageId) + Length(message.SessionId) + Length(message.PartitionKey)));

    private static long Length(string? text) => text?.Length ?? 0;
}
