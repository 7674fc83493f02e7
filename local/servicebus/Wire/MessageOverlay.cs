// What differs between one copy of a message and the bytes its sender wrote: properties set, removed, replaced.
using System.Diagnostics.CodeAnalysis;
using Amqp;
using Amqp.Types;

namespace ServerlessEventing.Local.ServiceBus.Wire;

/// <summary>
/// Changes laid over a shared body: rule actions, properties given on abandon, dead-letter reasons. Immutable; each
/// change gives a new overlay, so copies never see each other's.
/// </summary>
internal sealed class MessageOverlay
{
    public static readonly MessageOverlay None = new([], [], []);

    private readonly Dictionary<string, object?> _user;
    private readonly Dictionary<int, object?> _fields;
    private readonly Dictionary<string, object?> _annotations;

    private MessageOverlay(
        Dictionary<string, object?> user,
        Dictionary<int, object?> fields,
        Dictionary<string, object?> annotations)
    {
        _user = user;
        _fields = fields;
        _annotations = annotations;
    }

    /// <summary>User properties set; a value of <see cref="Removed"/> takes the sender's property away.</summary>
    public IReadOnlyDictionary<string, object?> User => _user;

    /// <summary>Fields of the properties section, by their position in it.</summary>
    public IReadOnlyDictionary<int, object?> Fields => _fields;

    public IReadOnlyDictionary<string, object?> Annotations => _annotations;

    public bool IsEmpty => _user.Count == 0 && _fields.Count == 0 && _annotations.Count == 0;

    /// <summary>Stands for "this user property was removed".</summary>
    public static object Removed { get; } = new Symbol("removed");

    public MessageOverlay WithUser(string name, object? value) =>
        new(With(_user, name, value), _fields, _annotations);

    public MessageOverlay WithField(int position, object? value) =>
        new(_user, With(_fields, position, value), _annotations);

    public MessageOverlay WithAnnotation(string name, object? value) =>
        new(_user, _fields, With(_annotations, name, value));

    public bool TryGetUser(string name, [MaybeNullWhen(false)] out object value) => _user.TryGetValue(name, out value!);

    /// <summary>Bytes for the store; null when nothing differs.</summary>
    public byte[]? Encode()
    {
        if (IsEmpty)
        {
            return null;
        }

        var buffer = new ByteBuffer(128, autoGrow: true);
        Encoder.WriteMap(buffer, ToMap(_user), smallEncoding: true);
        Encoder.WriteMap(buffer, ToMap(_fields), smallEncoding: true);
        Encoder.WriteMap(buffer, ToMap(_annotations), smallEncoding: true);
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }

    public static MessageOverlay Decode(byte[]? bytes)
    {
        if (bytes is null)
        {
            return None;
        }

        var buffer = new ByteBuffer(bytes, 0, bytes.Length, bytes.Length);
        var user = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in (Map)Encoder.ReadObject(buffer))
        {
            user[(string)key] = value is Symbol ? Removed : PlainValue.From(value);
        }

        var fields = ((Map)Encoder.ReadObject(buffer)).ToDictionary(pair => (int)pair.Key, pair => (object?)pair.Value);
        var annotations = ((Map)Encoder.ReadObject(buffer))
            .ToDictionary(pair => (string)pair.Key, pair => (object?)pair.Value);
        return new MessageOverlay(user, fields, annotations);
    }

    private static Dictionary<TKey, object?> With<TKey>(Dictionary<TKey, object?> from, TKey key, object? value)
        where TKey : notnull
    {
        var comparer = typeof(TKey) == typeof(string)
            ? (IEqualityComparer<TKey>)(object)StringComparer.OrdinalIgnoreCase
            : from.Comparer;
        return new Dictionary<TKey, object?>(from, comparer) { [key] = value };
    }

    private static Map ToMap<TKey>(Dictionary<TKey, object?> from)
        where TKey : notnull
    {
        var map = new Map();
        foreach (var (key, value) in from)
        {
            map[key] = PlainValue.ToWire(value);
        }

        return map;
    }
}
