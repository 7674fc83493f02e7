// Reads protocol headers and frames from a stream.
using System.Buffers.Binary;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>
/// A decoded frame; the payload is a copy of its own. An empty frame (heartbeat) has no performative.
/// </summary>
internal readonly record struct IncomingFrame(ushort Channel, object? Performative, byte[] Payload);

/// <summary>
/// Buffers what the stream gives and cuts it into frames; a frame larger than agreed ends the connection.
/// </summary>
internal sealed class FrameInput(Stream stream)
{
    private const int HeaderSize = 8;
    private readonly byte[] _buffer = new byte[2 * AmqpConnection.MaxFrameSize];
    private int _start;
    private int _end;

    public async ValueTask<ProtocolId> ReadHeaderAsync()
    {
        await FillAsync(HeaderSize);
        var header = _buffer.AsSpan(_start, HeaderSize);
        var known = header[..4].SequenceEqual("AMQP"u8) && header[5] == 1 && header[6] == 0 && header[7] == 0;
        var id = known ? (ProtocolId)header[4] : ProtocolId.Unknown;
        _start += HeaderSize;
        return id;
    }

    public async ValueTask<IncomingFrame> ReadFrameAsync()
    {
        await FillAsync(HeaderSize);
        var size = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start));
        if (size is < HeaderSize or > AmqpConnection.MaxFrameSize)
        {
            throw FramingError($"A frame of {(uint)size} bytes; the limit is {AmqpConnection.MaxFrameSize}.");
        }

        await FillAsync(size);
        var frame = Decode(size);
        _start += size;
        return frame;
    }

    private IncomingFrame Decode(int size)
    {
        var dataOffset = _buffer[_start + 4] * 4;
        if (dataOffset < HeaderSize || dataOffset > size)
        {
            throw FramingError("A frame whose data offset is outside of it.");
        }

        var channel = BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_start + 6));
        if (dataOffset == size)
        {
            return new IncomingFrame(channel, null, []);
        }

        // Measured first: what the decoder is given is known to be whole.
        var reader = new WireReader(_buffer.AsSpan(_start + dataOffset, size - dataOffset));
        reader.Skip();
        var performative = WireMessage.DecodeValue(_buffer, _start + dataOffset, reader.Position);
        if (performative is DescribedValue or not Described)
        {
            throw new WireFormatException("A frame whose body does not begin with a performative.");
        }

        var payload = _buffer.AsSpan(_start + dataOffset + reader.Position, size - dataOffset - reader.Position);
        return new IncomingFrame(channel, performative, payload.Length == 0 ? [] : payload.ToArray());
    }

    private static AmqpException FramingError(string what) =>
        new(new Error("amqp:connection:framing-error") { Description = what });

    private async ValueTask FillAsync(int count)
    {
        if (_end - _start < count && _buffer.Length - _start < count)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        while (_end - _start < count)
        {
            if (_start == _end)
            {
                _start = _end = 0;
            }

            var received = await stream.ReadAsync(_buffer.AsMemory(_end));
            if (received == 0)
            {
                throw new EndOfStreamException("The peer ended the connection.");
            }

            _end += received;
        }
    }
}
