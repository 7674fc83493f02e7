// Walks encoded AMQP values without decoding them: finds where each begins and ends.
using System.Buffers.Binary;
using System.Text;

namespace ServerlessEventing.Local.ServiceBus.Wire;

/// <summary>A cursor over encoded AMQP. Every read is checked against the end of the bytes.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private const int MaxDescriptorDepth = 8;
    private const int MaxDepth = 32;
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; set; }

    public readonly bool AtEnd => Position >= _bytes.Length;

    public readonly byte Peek()
    {
        Need(1);
        return _bytes[Position];
    }

    public byte ReadByte()
    {
        Need(1);
        return _bytes[Position++];
    }

    /// <summary>Reads the descriptor of a section or performative: a numeric code.</summary>
    public ulong ReadDescriptor()
    {
        if (ReadByte() != 0x00)
        {
            throw new WireFormatException("Expected a described type.");
        }

        switch (ReadByte())
        {
            case 0x53:
                return ReadByte();
            case 0x80:
                return Take64();
            case 0x44:
                return 0;
            default:
                throw new WireFormatException("A section's descriptor must be a ulong.");
        }
    }

    /// <summary>Steps over one value of any type.</summary>
    public void Skip() => Skip(0);

    /// <summary>
    /// Steps over one value and all that is in it, and throws unless a decoder can be let loose on it: not nested so
    /// deeply that it would run out of stack, no array that claims more items than it has bytes.
    /// </summary>
    public void Check() => Check(ReadByte(), 0);

    /// <summary>Enters a list or map: returns how many items follow and where the value ends.</summary>
    public (int Count, int End) ReadCompound()
    {
        var code = ReadByte();
        switch (code)
        {
            case 0x45:
                return (0, Position);
            case 0xC0 or 0xC1:
            {
                int size = ReadByte();
                var end = EndAfter(size, 1);
                return (ReadByte(), end);
            }

            case 0xD0 or 0xD1:
            {
                var size = Take32();
                var end = EndAfter(size, 4);
                return (Take32(), end);
            }

            default:
                throw new WireFormatException($"Expected a list or map, found format code 0x{code:x2}.");
        }
    }

    /// <summary>Reads a string or symbol; null for null; throws for anything else.</summary>
    public string? ReadText()
    {
        var code = ReadByte();
        var length = code switch
        {
            0x40 => -1,
            0xA1 or 0xA3 => ReadByte(),
            0xB1 or 0xB3 => Take32(),
            _ => throw new WireFormatException($"Expected a string, found format code 0x{code:x2}."),
        };
        if (length < 0)
        {
            return code == 0x40 ? null : throw new WireFormatException("Negative string length.");
        }

        Need(length);
        var text = Encoding.UTF8.GetString(_bytes.Slice(Position, length));
        Position += length;
        return text;
    }

    public ReadOnlySpan<byte> ReadBinary()
    {
        var length = ReadByte() switch
        {
            0xA0 => ReadByte(),
            0xB0 => Take32(),
            var code => throw new WireFormatException($"Expected binary, found format code 0x{code:x2}."),
        };
        Need(length);
        var bytes = _bytes.Slice(Position, length);
        Position += length;
        return bytes;
    }

    /// <summary>Reads an unsigned int; null for null.</summary>
    public uint? ReadUInt()
    {
        var code = ReadByte();
        return code switch
        {
            0x40 => null,
            0x43 => 0,
            0x52 => ReadByte(),
            0x70 => (uint)Take32(),
            _ => throw new WireFormatException($"Expected a uint, found format code 0x{code:x2}."),
        };
    }

    private void Check(byte code, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new WireFormatException($"Values are nested more than {MaxDepth} deep.");
        }

        switch (code)
        {
            case 0x00:
                Check(ReadByte(), depth + 1);
                Check(ReadByte(), depth + 1);
                break;
            case 0xC0 or 0xC1 or 0xD0 or 0xD1:
                Position--;
                var (count, end) = ReadCompound();
                CheckItems(count, end, null, depth);
                break;
            case 0xE0 or 0xF0:
                CheckArray(code, depth);
                break;
            default:
                Position--;
                Skip();
                break;
        }
    }

    private void CheckArray(byte code, int depth)
    {
        var size = code == 0xE0 ? ReadByte() : Take32();
        var end = EndAfter(size, code == 0xE0 ? 1 : 4);
        var count = code == 0xE0 ? ReadByte() : Take32();
        if (count == 0 && Position == end)
        {
            return;
        }

        var item = ReadByte();
        if (item == 0x00)
        {
            Check(ReadByte(), depth + 1);
            item = ReadByte();
        }

        CheckItems(count, end, item, depth);
    }

    private void CheckItems(int count, int end, byte? constructor, int depth)
    {
        if (count < 0 || count > end - Position + 1)
        {
            throw new WireFormatException("A compound value claims more items than it has bytes.");
        }

        for (var index = 0; index < count; index++)
        {
            if (constructor is { } code)
            {
                CheckItem(code, depth + 1);
            }
            else
            {
                Check(ReadByte(), depth + 1);
            }
        }

        if (Position > end)
        {
            throw new WireFormatException("A compound value is larger than it says.");
        }

        Position = end;
    }

    /// <summary>An item of an array: its constructor was read once for all.</summary>
    private void CheckItem(byte code, int depth)
    {
        if (code is 0xC0 or 0xC1 or 0xD0 or 0xD1)
        {
            var wide = code >= 0xD0;
            var end = EndAfterSize(wide);
            CheckItems(wide ? Take32() : ReadByte(), end, null, depth);
        }
        else if (code is 0xE0 or 0xF0)
        {
            if (depth > MaxDepth)
            {
                throw new WireFormatException($"Values are nested more than {MaxDepth} deep.");
            }

            CheckArray(code, depth);
        }
        else
        {
            SkipContent(code);
        }
    }

    private int EndAfterSize(bool wide)
    {
        var size = wide ? Take32() : ReadByte();
        return EndAfter(size, wide ? 4 : 1);
    }

    private void Skip(int depth)
    {
        var code = ReadByte();
        if (code == 0x00)
        {
            if (depth >= MaxDescriptorDepth)
            {
                throw new WireFormatException("Descriptors nested too deeply.");
            }

            Skip(depth + 1);
            Skip(depth + 1);
            return;
        }

        SkipContent(code);
    }

    private void SkipContent(byte code) => Advance((code >> 4) switch
    {
        0x4 => 0,
        0x5 => 1,
        0x6 => 2,
        0x7 => 4,
        0x8 => 8,
        0x9 => 16,
        0xA or 0xC or 0xE => ReadByte(),
        0xB or 0xD or 0xF => Take32(),
        _ => throw new WireFormatException($"Unknown format code 0x{code:x2}."),
    });

    private readonly int EndAfter(int size, int countBytes)
    {
        if (size < countBytes)
        {
            throw new WireFormatException("A compound value is smaller than its own count.");
        }

        Need(size);
        return Position + size;
    }

    private void Advance(int count)
    {
        Need(count);
        Position += count;
    }

    private int Take32()
    {
        Need(4);
        var value = BinaryPrimitives.ReadInt32BigEndian(_bytes[Position..]);
        Position += 4;
        return value;
    }

    private ulong Take64()
    {
        Need(8);
        var value = BinaryPrimitives.ReadUInt64BigEndian(_bytes[Position..]);
        Position += 8;
        return value;
    }

    private readonly void Need(int count)
    {
        if (count < 0 || count > _bytes.Length - Position)
        {
            throw new WireFormatException("The encoded value is cut short.");
        }
    }
}
