// Between message bodies and AMQP's three body sections: data, one value, a sequence of values.
using System.Collections;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>Both directions of the translation.</summary>
internal static class BodyConverter
{
    private const int MaxDepth = 32;

    public static RestrictedDescribed ToSection(AmqpMessageBody body) =>
        body.TryGetData(out var data) ? MessageConverter.ToData(data)
        : body.TryGetSequence(out var sequence) ? new AmqpSequence { List = ToList(sequence, 0) }
        : new AmqpValue { Value = body.TryGetValue(out var value) ? ToAmqp(value, 0) : null };

    /// <summary>Bytes, where the body is bytes or text; otherwise nothing.</summary>
    public static BinaryData ToBinary(RestrictedDescribed? section) => section switch
    {
        Data { Buffer: { } buffer } => BinaryData.FromBytes(buffer.Buffer.AsMemory(buffer.Offset, buffer.Length)),
        Data data => BinaryData.FromBytes(data.Binary),
        DataList list => BinaryData.FromBytes(Concatenate(list)),
        AmqpValue { Value: byte[] bytes } => BinaryData.FromBytes(bytes),
        AmqpValue { Value: ByteBuffer bytes } => BinaryData.FromBytes(
            bytes.Buffer.AsMemory(bytes.Offset, bytes.Length)),
        AmqpValue { Value: string text } => BinaryData.FromBytes(Encoding.UTF8.GetBytes(text)),
        _ => BinaryData.Empty,
    };

    /// <summary>What is not plain data; null for that, which is bytes and nothing more.</summary>
    public static AmqpMessageBody? ToStructured(RestrictedDescribed? section) => section switch
    {
        AmqpValue value => AmqpMessageBody.FromValue(FromAmqp(value.Value)),
        AmqpSequence sequence => AmqpMessageBody.FromSequence(FromList(sequence.List)),
        _ => null,
    };

    private static byte[] Concatenate(DataList list)
    {
        using var bytes = new MemoryStream();
        for (var i = 0; i < list.Count; i++)
        {
            bytes.Write(list[i].Binary);
        }

        return bytes.ToArray();
    }

    private static object? ToAmqp(object? value, int depth) => value switch
    {
        byte[] => value,
        IDictionary map => ToMap(map, depth),
        Array array when array.GetType().GetElementType() != typeof(object) => array,
        IEnumerable list and not string => ToList(list, depth),
        _ => MessageConverter.ToAmqpValue("(body)", value),
    };

    private static Map ToMap(IDictionary source, int depth)
    {
        RequireShallow(depth);
        var map = new Map();
        foreach (DictionaryEntry entry in source)
        {
            map[ToAmqp(entry.Key, depth + 1)!] = ToAmqp(entry.Value, depth + 1);
        }

        return map;
    }

    private static List ToList(IEnumerable source, int depth)
    {
        RequireShallow(depth);
        var list = new List();
        foreach (var item in source)
        {
            list.Add(ToAmqp(item, depth + 1));
        }

        return list;
    }

    // A collection that holds itself would go on for ever.
    private static void RequireShallow(int depth)
    {
        if (depth >= MaxDepth)
        {
            throw new ArgumentException($"The body nests more than {MaxDepth} maps and lists.");
        }
    }

    private static object? FromAmqp(object? value) => value switch
    {
        Map map => map.ToDictionary(entry => FromAmqp(entry.Key)!, entry => FromAmqp(entry.Value)),
        IList list and not Array => FromList(list),
        ByteBuffer bytes => bytes.Buffer.AsSpan(bytes.Offset, bytes.Length).ToArray(),
        _ => MessageConverter.FromAmqpValue(value),
    };

    private static List<object?> FromList(IList list) => [.. list.Cast<object?>().Select(FromAmqp)];
}
