// Writes a stored message for a receiver: fresh header and annotations, the sender's bytes for everything else.
using Amqp;
using Amqp.Types;

namespace ServerlessEventing.Local.ServiceBus.Wire;

/// <summary>
/// <code>
///   stored bytes   [header][annotations][properties][application properties][body …]
///                     1         2            3                4               5
///   1 written anew: ttl, delivery-count          2 ours, then the sender's own that we do not set
///   3 copied; fields replaced where the overlay or the expiry says so
///   4 copied; entries replaced, removed and added by the overlay          5 copied
/// </code>
/// </summary>
internal static class MessageEncoder
{
    private const byte Null = 0x40;
    private static readonly Symbol EnqueuedTime = "x-opt-enqueued-time";
    private static readonly Symbol LockedUntil = "x-opt-locked-until";
    private static readonly Symbol SequenceNumber = "x-opt-sequence-number";
    private static readonly Symbol EnqueuedSequenceNumber = "x-opt-enqueue-sequence-number";
    private static readonly Symbol MessageState = "x-opt-message-state";
    private static readonly Symbol ScheduledTime = "x-opt-scheduled-enqueue-time";

    public static ByteBuffer Encode(WireMessage message, MessageOverlay overlay, in DeliveryFacts facts)
    {
        var buffer = new ByteBuffer(message.Size + 256, autoGrow: true);
        WriteHeader(buffer, facts);
        WriteAnnotations(buffer, message, overlay, facts);
        WriteProperties(buffer, message, overlay, facts);
        WriteUser(buffer, message, overlay);
        Copy(buffer, message.Bytes, message.BodyRange);
        return buffer;
    }

    /// <summary>The sender's message with a message-id put in; the service assigns one where none was given.</summary>
    public static byte[] WithMessageId(WireMessage message, string messageId)
    {
        var overlay = MessageOverlay.None.WithField(PropertyFields.MessageId, messageId);
        var buffer = new ByteBuffer(message.Size + 64, autoGrow: true);
        var (head, tail) = SplitAtProperties(message);
        Copy(buffer, message.Bytes, head);
        WriteProperties(buffer, message, overlay, default);
        Copy(buffer, message.Bytes, tail);
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }

    private static (Range Head, Range Tail) SplitAtProperties(WireMessage message)
    {
        if (message.PropertiesRange is { } own)
        {
            return (..own.Start, own.End..);
        }

        var at = message.UserRange?.Start ?? message.BodyRange.Start;
        return (..at, at..);
    }

    private static void WriteHeader(ByteBuffer buffer, in DeliveryFacts facts)
    {
        WriteDescriptor(buffer, 0x70);
        var start = BeginList(buffer, 5);
        AmqpBitConverter.WriteUByte(buffer, Null);
        AmqpBitConverter.WriteUByte(buffer, Null);
        if (facts.ExpiresAt > 0)
        {
            var ttl = Math.Clamp(facts.ExpiresAt - facts.EnqueuedTime, 0, uint.MaxValue);
            Encoder.WriteUInt(buffer, (uint)ttl, smallEncoding: true);
        }
        else
        {
            AmqpBitConverter.WriteUByte(buffer, Null);
        }

        AmqpBitConverter.WriteUByte(buffer, Null);
        Encoder.WriteUInt(buffer, (uint)facts.DeliveryCount, smallEncoding: true);
        EndCompound(buffer, start);
    }

    private static void WriteAnnotations(
        ByteBuffer buffer, WireMessage message, MessageOverlay overlay, in DeliveryFacts facts)
    {
        WriteDescriptor(buffer, 0x72);
        var start = BeginMap(buffer);
        var entries = 4;
        Encoder.WriteSymbol(buffer, EnqueuedTime, smallEncoding: true);
        WriteTime(buffer, facts.EnqueuedTime);
        Encoder.WriteSymbol(buffer, SequenceNumber, smallEncoding: true);
        Encoder.WriteLong(buffer, facts.SequenceNumber, smallEncoding: true);
        Encoder.WriteSymbol(buffer, EnqueuedSequenceNumber, smallEncoding: true);
        Encoder.WriteLong(buffer, facts.EnqueuedSequenceNumber, smallEncoding: true);
        Encoder.WriteSymbol(buffer, MessageState, smallEncoding: true);
        Encoder.WriteInt(buffer, facts.State, smallEncoding: true);
        if (facts.LockedUntil > 0)
        {
            Encoder.WriteSymbol(buffer, LockedUntil, smallEncoding: true);
            WriteTime(buffer, facts.LockedUntil);
            entries++;
        }

        if (facts.ScheduledTime > 0)
        {
            Encoder.WriteSymbol(buffer, ScheduledTime, smallEncoding: true);
            WriteTime(buffer, facts.ScheduledTime);
            entries++;
        }

        foreach (var (name, value) in overlay.Annotations)
        {
            Encoder.WriteSymbol(buffer, name, smallEncoding: true);
            Encoder.WriteObject(buffer, value, smallEncoding: true);
            entries++;
        }

        entries += CopyEntries(buffer, message, message.AnnotationsRange, key =>
            !IsOurs(key) && !overlay.Annotations.ContainsKey(key));
        EndMap(buffer, start, entries);
    }

    private static void WriteProperties(
        ByteBuffer buffer, WireMessage message, MessageOverlay overlay, in DeliveryFacts facts)
    {
        if (overlay.Fields.Count == 0 && facts.ExpiresAt == 0)
        {
            if (message.PropertiesRange is { } untouched)
            {
                Copy(buffer, message.Bytes, untouched);
            }

            return;
        }

        Span<Range> fields = stackalloc Range[PropertyFields.Count];
        var present = FieldRanges(message, fields);
        WriteDescriptor(buffer, 0x73);
        var start = BeginList(buffer, PropertyFields.Count);
        for (var position = 0; position < PropertyFields.Count; position++)
        {
            if (overlay.Fields.TryGetValue(position, out var replaced))
            {
                WriteField(buffer, position, replaced);
            }
            else if (position == PropertyFields.AbsoluteExpiryTime && facts.ExpiresAt > 0)
            {
                WriteTime(buffer, facts.ExpiresAt);
            }
            else if (position == PropertyFields.CreationTime && facts.ExpiresAt > 0)
            {
                WriteTime(buffer, facts.EnqueuedTime);
            }
            else if (position < present)
            {
                Copy(buffer, message.Bytes, fields[position]);
            }
            else
            {
                AmqpBitConverter.WriteUByte(buffer, Null);
            }
        }

        EndCompound(buffer, start);
    }

    private static int FieldRanges(WireMessage message, Span<Range> fields)
    {
        if (message.PropertiesRange is not { } range)
        {
            return 0;
        }

        var reader = new WireReader(message.Bytes) { Position = range.Start.Value };
        reader.ReadDescriptor();
        var (count, _) = reader.ReadCompound();
        count = Math.Min(count, fields.Length);
        for (var position = 0; position < count; position++)
        {
            var start = reader.Position;
            reader.Skip();
            fields[position] = start..reader.Position;
        }

        return count;
    }

    private static void WriteField(ByteBuffer buffer, int position, object? value)
    {
        var text = PlainValue.Text(value);
        if (position == PropertyFields.ContentType)
        {
            Encoder.WriteSymbol(buffer, text is null ? null : new Symbol(text), smallEncoding: true);
        }
        else
        {
            Encoder.WriteString(buffer, text, smallEncoding: true);
        }
    }

    private static void WriteUser(ByteBuffer buffer, WireMessage message, MessageOverlay overlay)
    {
        if (overlay.User.Count == 0)
        {
            if (message.UserRange is { } untouched)
            {
                Copy(buffer, message.Bytes, untouched);
            }

            return;
        }

        WriteDescriptor(buffer, 0x74);
        var start = BeginMap(buffer);
        var entries = CopyEntries(buffer, message, message.UserRange, key => !overlay.User.ContainsKey(key));
        foreach (var (name, value) in overlay.User)
        {
            if (!ReferenceEquals(value, MessageOverlay.Removed))
            {
                Encoder.WriteString(buffer, name, smallEncoding: true);
                Encoder.WriteObject(buffer, PlainValue.ToWire(value), smallEncoding: true);
                entries++;
            }
        }

        EndMap(buffer, start, entries);
    }

    /// <summary>Copies the entries of an encoded map section whose key passes, undecoded; returns how many.</summary>
    private static int CopyEntries(ByteBuffer buffer, WireMessage message, Range? section, Predicate<string> keep)
    {
        if (section is not { } range)
        {
            return 0;
        }

        var reader = new WireReader(message.Bytes) { Position = range.Start.Value };
        reader.ReadDescriptor();
        if (reader.Peek() == Null)
        {
            return 0;
        }

        var copied = 0;
        var (count, _) = reader.ReadCompound();
        for (var item = 0; item + 1 < count; item += 2)
        {
            var start = reader.Position;
            var key = reader.ReadText() ?? "";
            reader.Skip();
            if (keep(key))
            {
                Copy(buffer, message.Bytes, start..reader.Position);
                copied++;
            }
        }

        return copied;
    }

    private static bool IsOurs(string annotation) => annotation is
        "x-opt-enqueued-time" or "x-opt-locked-until" or "x-opt-sequence-number" or "x-opt-enqueue-sequence-number" or
        "x-opt-message-state" or "x-opt-scheduled-enqueue-time" or "x-opt-deadletter-source" or "x-opt-lock-token";

    private static void WriteTime(ByteBuffer buffer, long unixMilliseconds)
    {
        AmqpBitConverter.WriteUByte(buffer, 0x83);
        AmqpBitConverter.WriteLong(buffer, unixMilliseconds);
    }

    private static void WriteDescriptor(ByteBuffer buffer, byte code)
    {
        AmqpBitConverter.WriteUByte(buffer, 0x00);
        AmqpBitConverter.WriteUByte(buffer, 0x53);
        AmqpBitConverter.WriteUByte(buffer, code);
    }

    private static int BeginList(ByteBuffer buffer, int count)
    {
        AmqpBitConverter.WriteUByte(buffer, 0xD0);
        var start = buffer.WritePos;
        AmqpBitConverter.WriteInt(buffer, 0);
        AmqpBitConverter.WriteInt(buffer, count);
        return start;
    }

    private static int BeginMap(ByteBuffer buffer)
    {
        AmqpBitConverter.WriteUByte(buffer, 0xD1);
        var start = buffer.WritePos;
        AmqpBitConverter.WriteInt(buffer, 0);
        AmqpBitConverter.WriteInt(buffer, 0);
        return start;
    }

    private static void EndMap(ByteBuffer buffer, int start, int entries)
    {
        AmqpBitConverter.WriteInt(buffer.Buffer, start + 4, entries * 2);
        EndCompound(buffer, start);
    }

    private static void EndCompound(ByteBuffer buffer, int start) =>
        AmqpBitConverter.WriteInt(buffer.Buffer, start, buffer.WritePos - start - 4);

    private static void Copy(ByteBuffer buffer, byte[] from, Range range)
    {
        var (offset, length) = range.GetOffsetAndLength(from.Length);
        if (length > 0)
        {
            AmqpBitConverter.WriteBytes(buffer, from, offset, length);
        }
    }
}
