// A body as AMQP knows it: bytes, one value, or a sequence of values.
using System.Diagnostics.CodeAnalysis;

namespace ServerlessEventing.ServiceBus;

/// <summary>Which of AMQP's bodies a message has.</summary>
public enum AmqpMessageBodyType
{
    /// <summary>Bytes; what all clients send unless told otherwise.</summary>
    Data,

    /// <summary>One value of AMQP's types.</summary>
    Value,

    /// <summary>A sequence of such values.</summary>
    Sequence,
}

/// <summary>
/// The body of a message, of one of three types; named as in the official client. Values are null, strings, numbers,
/// booleans, Guid, times, Uri, bytes, and lists and dictionaries of these.
/// </summary>
public sealed class AmqpMessageBody
{
    private readonly ReadOnlyMemory<byte> data;
    private readonly object? value;

    private AmqpMessageBody(AmqpMessageBodyType bodyType, ReadOnlyMemory<byte> data, object? value)
    {
        BodyType = bodyType;
        this.data = data;
        this.value = value;
    }

    /// <summary>Which body it is.</summary>
    public AmqpMessageBodyType BodyType { get; }

    /// <summary>A body of bytes; they are not copied.</summary>
    public static AmqpMessageBody FromData(ReadOnlyMemory<byte> data) => new(AmqpMessageBodyType.Data, data, null);

    /// <summary>A body of one value.</summary>
    public static AmqpMessageBody FromValue(object? value) => new(AmqpMessageBodyType.Value, default, value);

    /// <summary>A body of several values.</summary>
    public static AmqpMessageBody FromSequence(IList<object?> sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        return new(AmqpMessageBodyType.Sequence, default, sequence);
    }

    /// <summary>The bytes; false when it is another body.</summary>
    public bool TryGetData(out ReadOnlyMemory<byte> data)
    {
        data = this.data;
        return BodyType == AmqpMessageBodyType.Data;
    }

    /// <summary>The value, which may be null; false when it is another body.</summary>
    public bool TryGetValue(out object? value)
    {
        value = BodyType == AmqpMessageBodyType.Value ? this.value : null;
        return BodyType == AmqpMessageBodyType.Value;
    }

    /// <summary>The values; false when it is another body.</summary>
    public bool TryGetSequence([NotNullWhen(true)] out IList<object?>? sequence)
    {
        sequence = BodyType == AmqpMessageBodyType.Sequence ? (IList<object?>)value! : null;
        return sequence is not null;
    }
}
