// A rule: which messages a bus subscription takes, and what it changes on its copy.
using System.Globalization;

namespace ServerlessEventing.Local.ServiceBus.Entities;

/// <summary>The kinds of filter the management API names.</summary>
public enum FilterKind
{
    True,
    False,
    Sql,
    Correlation,
}

/// <summary>A property value with the XML Schema type it was given in, so that it can be given back.</summary>
public sealed record TypedValue(string Type, string Text)
{
    /// <summary>The value itself; throws <see cref="FormatException"/> where text and type disagree.</summary>
    public object ToValue() => Type switch
    {
        "int" => int.Parse(Text, CultureInfo.InvariantCulture),
        "long" => long.Parse(Text, CultureInfo.InvariantCulture),
        "double" => double.Parse(Text, CultureInfo.InvariantCulture),
        "boolean" => bool.Parse(Text),
        "dateTime" => DateTime.Parse(Text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind),
        _ => Text,
    };
}

/// <summary>A correlation filter's fields; null means "any".</summary>
public sealed record CorrelationFields
{
    public string? CorrelationId { get; init; }

    public string? MessageId { get; init; }

    public string? To { get; init; }

    public string? ReplyTo { get; init; }

    public string? Label { get; init; }

    public string? SessionId { get; init; }

    public string? ReplyToSessionId { get; init; }

    public string? ContentType { get; init; }

    public IReadOnlyDictionary<string, TypedValue> Properties { get; init; } = new Dictionary<string, TypedValue>();
}

/// <summary>A rule of a bus subscription.</summary>
public sealed record RuleDescription
{
    public const string DefaultName = "$Default";

    public required string Name { get; init; }

    public required FilterKind Filter { get; init; }

    public string? SqlExpression { get; init; }

    public CorrelationFields? Correlation { get; init; }

    public string? ActionExpression { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}
