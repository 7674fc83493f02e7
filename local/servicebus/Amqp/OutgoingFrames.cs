// Frames on their way to the peer: gathered while the socket is busy, sent together.
using Amqp;
using Amqp.Types;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>A growing buffer of encoded frames. Guarded by its connection.</summary>
internal sealed class OutgoingFrames
{
    private const int HeaderSize = 8;
    private const int KeepCapacity = 1024 * 1024;
    private ByteBuffer _filling = new(64 * 1024, autoGrow: true);
    private ByteBuffer _spare = new(64 * 1024, autoGrow: true);

    public int Length => _filling.Length;

    public void WriteRaw(ReadOnlySpan<byte> bytes) =>
        AmqpBitConverter.WriteBytes(_filling, bytes.ToArray(), 0, bytes.Length);

    public void WriteSasl(Described performative) => Write(1, 0, performative, null, 0, 0);

    public void Write(ushort channel, Described performative) => Write(0, channel, performative, null, 0, 0);

    public void Write(ushort channel, Described performative, byte[] payload, int offset, int count) =>
        Write(0, channel, performative, payload, offset, count);

    public void WriteEmpty() => WriteRaw([0, 0, 0, 8, 2, 0, 0, 0]);

    /// <summary>Hands out what was gathered; give it back with <see cref="Return"/> once sent.</summary>
    public ByteBuffer Take()
    {
        var taken = _filling;
        _filling = _spare;
        return taken;
    }

    public void Return(ByteBuffer sent)
    {
        // After a burst of large messages the memory is let go.
        _spare = sent.Buffer.Length > KeepCapacity ? new ByteBuffer(64 * 1024, autoGrow: true) : sent;
        _spare.Reset();
    }

    private void Write(byte type, ushort channel, Described performative, byte[]? payload, int offset, int count)
    {
        var start = _filling.WritePos;
        AmqpBitConverter.WriteInt(_filling, 0);
        AmqpBitConverter.WriteUByte(_filling, 2);
        AmqpBitConverter.WriteUByte(_filling, type);
        AmqpBitConverter.WriteUShort(_filling, channel);
        performative.Encode(_filling);
        if (payload is not null)
        {
            AmqpBitConverter.WriteBytes(_filling, payload, offset, count);
        }

        AmqpBitConverter.WriteInt(_filling.Buffer, start, _filling.WritePos - start);
    }

    /// <summary>The bytes of a frame around a transfer's payload, at most.</summary>
    public const int TransferOverhead = HeaderSize + 64;
}
