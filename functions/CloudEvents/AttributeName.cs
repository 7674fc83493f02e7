// The name of a CloudEvents attribute, with the forms it has as an HTTP header and as an AMQP property.
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using ServerlessEventing.Contract.Names;

namespace ServerlessEventing.Functions.CloudEvents;

/// <summary>
/// A valid attribute name. Names that most events carry exist once, and so do the first that were met besides: reading
/// and writing them allocates nothing.
/// </summary>
internal sealed class AttributeName
{
    public const string HeaderPrefix = "ce-";

    private const int MaxLength = 128;
    private const int MostMet = 1024;

    public static readonly AttributeName Id = new("id");
    public static readonly AttributeName Source = new("source");
    public static readonly AttributeName Type = new("type");
    public static readonly AttributeName SpecVersion = new("specversion");
    public static readonly AttributeName DataContentType = new("datacontenttype");
    public static readonly AttributeName DataSchema = new("dataschema");
    public static readonly AttributeName Subject = new("subject");
    public static readonly AttributeName Time = new("time");
    public static readonly AttributeName ExpiryTime = new("expirytime");
    public static readonly AttributeName PartitionKey = new("partitionkey");
    public static readonly AttributeName BrokerTtl = new("knativebrokerttl");
    public static readonly AttributeName ArrivalTime = new("knativearrivaltime");
    public static readonly AttributeName ErrorDestination = new("knativeerrordest");
    public static readonly AttributeName ErrorCode = new("knativeerrorcode");
    public static readonly AttributeName ErrorData = new("knativeerrordata");

    public static readonly AttributeName TraceParent = new("traceparent");

    private static readonly FrozenDictionary<string, AttributeName>.AlternateLookup<ReadOnlySpan<char>> Known =
        new[]
        {
            Id, Source, Type, SpecVersion, DataContentType, DataSchema, Subject, Time, ExpiryTime, BrokerTtl,
            ArrivalTime, ErrorDestination, ErrorCode, ErrorData, TraceParent, new("tracestate"),
            new("partitionkey"), new("sequence"), new("dataref"), new("schemaurl"), new("correlationid"),
        }
        .ToFrozenDictionary(name => name.Text, StringComparer.Ordinal)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly ConcurrentDictionary<string, AttributeName>.AlternateLookup<ReadOnlySpan<char>> Met =
        new ConcurrentDictionary<string, AttributeName>(StringComparer.Ordinal)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly StrongBox<int> MetCount = new();

    private AttributeName(string text)
    {
        Text = text;
        Header = HeaderPrefix + text;
        Property = MessageProperties.AttributePrefix + text;
    }

    /// <summary>The name itself: lower-case letters and digits.</summary>
    public string Text { get; }

    /// <summary>The header of the HTTP binding.</summary>
    public string Header { get; }

    /// <summary>The application property of the AMQP binding.</summary>
    public string Property { get; }

    /// <summary>Reads a name as written in JSON or in an AMQP property; null when it is not a valid name.</summary>
    public static AttributeName? Parse(ReadOnlySpan<char> text) =>
        Known.TryGetValue(text, out var known) || Met.TryGetValue(text, out known) ? known
        : IsValid(text) ? Meet(new(text.ToString()))
        : null;

    /// <summary>Reads the part of a header after <c>ce-</c>, in any letter case; null when it is not valid.</summary>
    public static AttributeName? ParseHeader(ReadOnlySpan<char> text)
    {
        if (text.Length > MaxLength)
        {
            return null;
        }

        Span<char> lower = stackalloc char[text.Length];
        text.ToLowerInvariant(lower);
        return Parse(lower);
    }

    public override string ToString() => Text;

    private static AttributeName Meet(AttributeName name)
    {
        // Names come from outside: without a bound each new one would stay for ever.
        if (Volatile.Read(ref MetCount.Value) < MostMet && Met.TryAdd(name.Text, name))
        {
            Interlocked.Increment(ref MetCount.Value);
        }

        return name;
    }

    private static bool IsValid(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > MaxLength || text is "data")
        {
            return false;
        }

        foreach (var c in text)
        {
            if (c is not (>= 'a' and <= 'z' or >= '0' and <= '9'))
            {
                return false;
            }
        }

        return true;
    }
}
