// The answer to a $management request.
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Status as HTTP numbers it, and a map.</summary>
internal sealed record RequestAnswer(int Status, string Description, string? Condition, Map? Body)
{
    public static RequestAnswer Ok(Map? body = null) => new(200, "OK", null, body);

    public static RequestAnswer Failed(int status, string condition, string description) =>
        new(status, description, condition, null);

    public static RequestAnswer From(BrokerError error) => Failed(
        error.Condition switch
        {
            "com.microsoft:message-lock-lost" or "com.microsoft:session-lock-lost"
                or "com.microsoft:session-cannot-be-locked" => 410,
            "com.microsoft:timeout" => 408,
            "amqp:not-found" or "com.microsoft:message-not-found" => 404,
            "amqp:resource-limit-exceeded" or "amqp:link:message-size-exceeded" => 403,
            "com.microsoft:entity-already-exists" => 409,
            "com.microsoft:server-busy" => 503,
            "amqp:unauthorized-access" => 401,
            _ => 400,
        },
        error.Condition,
        error.Description);
}

/// <summary>A request that lacks something or has it in another type.</summary>
internal sealed class RequestFormatException(string message) : Exception(message);

/// <summary>Reads a request's map; clients differ in integer types and in arrays versus lists.</summary>
internal sealed class RequestBody(Map map)
{
    public object? this[string name] => map.TryGetValue(name, out var value) ? value : null;

    public string Text(string name) =>
        this[name]?.ToString() ?? throw new RequestFormatException($"The request lacks '{name}'.");

    public long Number(string name) => ToNumber(name, this[name]);

    public long Number(string name, long otherwise) => this[name] is { } value ? ToNumber(name, value) : otherwise;

    public bool Flag(string name) => this[name] is true;

    public IReadOnlyList<long> Numbers(string name) => Items(name).ConvertAll(item => ToNumber(name, item));

    public IReadOnlyList<Guid> Uuids(string name) => Items(name).ConvertAll(item => item is Guid id
        ? id
        : throw new RequestFormatException($"'{name}' consists of uuids."));

    public List<Map> Maps(string name) => Items(name).ConvertAll(item => item as Map
        ?? throw new RequestFormatException($"'{name}' consists of maps."));

    public Map? Map(string name) => this[name] as Map;

    private List<object?> Items(string name) => this[name] switch
    {
        byte[] => throw new RequestFormatException($"'{name}' is a list."),
        System.Collections.IEnumerable items and not string => items.Cast<object?>().ToList() is { Count: > 0 } some
            ? some
            : throw new RequestFormatException($"'{name}' is empty."),
        _ => throw new RequestFormatException($"The request lacks the list '{name}'."),
    };

    private static long ToNumber(string name, object? value) => value switch
    {
        long number => number,
        int number => number,
        uint number => number,
        ulong number and <= long.MaxValue => (long)number,
        short number => number,
        ushort number => number,
        byte number => number,
        sbyte number => number,
        _ => throw new RequestFormatException($"'{name}' must be a whole number."),
    };
}
