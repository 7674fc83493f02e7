// A message as its sender encoded it: the bytes, and where each section lies; decoded only where somebody asks.
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace ServerlessEventing.Local.ServiceBus.Wire;

/// <summary>
/// One encoded message. Bodies are never decoded; properties and application properties are decoded once, on first use.
/// Not safe for use from several threads at a time, except through its ranges and bytes.
/// </summary>
internal sealed class WireMessage
{
    private Properties? _properties;
    private Dictionary<string, object?>? _user;
    private Map? _annotations;

    // The codec knows sections only once one of its own has been made. After a restart the first message to be decoded
    // can be one that fell due, before any client has connected.
    static WireMessage() => _ = new Properties();

    private WireMessage(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; }

    public Range? AnnotationsRange { get; private set; }

    public Range? PropertiesRange { get; private set; }

    public Range? UserRange { get; private set; }

    /// <summary>Body sections and footer, untouched.</summary>
    public Range BodyRange { get; private set; }

    public uint? HeaderTtl { get; private set; }

    public int Size => Bytes.Length;

    public string? MessageId => Text(Fields.GetMessageId());

    public string? SessionId => Fields.GroupId;

    public Properties Fields => _properties ??= PropertiesRange is { } range
        ? Decode(range) as Properties ?? throw new WireFormatException("The properties section is not a list.")
        : new Properties();

    /// <summary>Application properties; names compare without case, as rules do.</summary>
    public IReadOnlyDictionary<string, object?> User => _user ??= DecodeUser();

    public DateTime? ScheduledEnqueueTime => Annotation("x-opt-scheduled-enqueue-time") as DateTime?;

    public string? PartitionKey => Annotation("x-opt-partition-key") as string;

    /// <summary>
    /// Finds the sections; throws <see cref="WireFormatException"/> where the bytes are no AMQP message.
    /// </summary>
    public static WireMessage Parse(byte[] bytes)
    {
        var message = new WireMessage(bytes);
        var reader = new WireReader(bytes);
        var bodyStart = -1;
        while (!reader.AtEnd)
        {
            var start = reader.Position;
            var code = reader.ReadDescriptor();
            var value = reader.Position;
            reader.Skip();
            var range = new Range(start, reader.Position);
            switch (code)
            {
                case 0x70:
                    message.HeaderTtl = ReadTtl(bytes.AsSpan(value..reader.Position));
                    break;
                case 0x71:
                    break;
                case 0x72:
                    message.AnnotationsRange = range;
                    break;
                case 0x73:
                    message.PropertiesRange = range;
                    break;
                case 0x74:
                    message.UserRange = range;
                    break;
                case 0x75 or 0x76 or 0x77 or 0x78:
                    bodyStart = bodyStart < 0 ? start : bodyStart;
                    break;
                default:
                    throw new WireFormatException($"Unknown message section 0x{code:x}.");
            }
        }

        message.BodyRange = bodyStart < 0 ? new Range(bytes.Length, bytes.Length) : new Range(bodyStart, bytes.Length);
        return message;
    }

    /// <summary>The same message with an empty body, for peeks that want properties only.</summary>
    public WireMessage WithoutBody() => new(Bytes)
    {
        AnnotationsRange = AnnotationsRange,
        PropertiesRange = PropertiesRange,
        UserRange = UserRange,
        HeaderTtl = HeaderTtl,
        BodyRange = new Range(Bytes.Length, Bytes.Length),
    };

    /// <summary>A whole described value of this message, decoded.</summary>
    public object Decode(Range range)
    {
        var (offset, length) = range.GetOffsetAndLength(Bytes.Length);
        return DecodeValue(Bytes, offset, length);
    }

    public static object DecodeValue(byte[] bytes, int offset, int length)
    {
        new WireReader(bytes.AsSpan(offset, length)).Check();
        try
        {
            return Encoder.ReadObject(new ByteBuffer(bytes, offset, length, length));
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            // The library's decoder meets malformed values with whatever exception they lead to.
            throw new WireFormatException(problem.Message);
        }
    }

    /// <summary>Throws unless a decoder can be let loose on a whole message.</summary>
    public static void Check(byte[] bytes)
    {
        var reader = new WireReader(bytes);
        while (!reader.AtEnd)
        {
            reader.Check();
        }
    }

    /// <summary>Message-ids and correlation-ids may be strings, ulongs, uuids or binary.</summary>
    public static string? Text(object? id) => id switch
    {
        null => null,
        string text => text,
        byte[] binary => Convert.ToHexStringLower(binary),
        _ => Convert.ToString(id, System.Globalization.CultureInfo.InvariantCulture),
    };

    private object? Annotation(string name)
    {
        if (AnnotationsRange is not { } range)
        {
            return null;
        }

        _annotations ??= Decode(range) is MessageAnnotations section ? section.Map : [];
        return _annotations.TryGetValue(new Symbol(name), out var value) ? value : null;
    }

    private Dictionary<string, object?> DecodeUser()
    {
        var user = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        if (UserRange is { } range && Decode(range) is ApplicationProperties section)
        {
            foreach (var (key, value) in section.Map)
            {
                user[key.ToString() ?? ""] = PlainValue.From(value);
            }
        }

        return user;
    }

    private static uint? ReadTtl(ReadOnlySpan<byte> list)
    {
        var reader = new WireReader(list);
        var (count, _) = reader.ReadCompound();
        if (count < 3)
        {
            return null;
        }

        reader.Skip();
        reader.Skip();
        return reader.ReadUInt();
    }
}
