// A filter that asks for equality of some properties.
using System.Collections.Frozen;

namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>
/// Passes a message when every field that is given equals the message's, by case. Never fails: a property that is
/// missing or of another type is not equal. Numbers are equal by value whatever their width.
/// </summary>
public sealed class CorrelationFilter : RuleFilter
{
    private readonly FrozenDictionary<string, object?> _properties = FrozenDictionary<string, object?>.Empty;

    public string? CorrelationId { get; init; }

    public string? MessageId { get; init; }

    public string? To { get; init; }

    public string? ReplyTo { get; init; }

    public string? Label { get; init; }

    public string? SessionId { get; init; }

    public string? ReplyToSessionId { get; init; }

    public string? ContentType { get; init; }

    /// <summary>Application properties; names without regard to case.</summary>
    public IReadOnlyDictionary<string, object?> Properties
    {
        get => _properties;
        init => _properties = value.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>True when no field is given, which Azure refuses to create.</summary>
    public bool IsEmpty => _properties.Count == 0 && SystemFields().All(given => given.Value is null);

    public override bool Matches(IMessageProperties message)
    {
        if (!(Same(message, SystemProperty.CorrelationId, CorrelationId)
            && Same(message, SystemProperty.MessageId, MessageId)
            && Same(message, SystemProperty.To, To)
            && Same(message, SystemProperty.ReplyTo, ReplyTo)
            && Same(message, SystemProperty.Label, Label)
            && Same(message, SystemProperty.SessionId, SessionId)
            && Same(message, SystemProperty.ReplyToSessionId, ReplyToSessionId)
            && Same(message, SystemProperty.ContentType, ContentType)))
        {
            return false;
        }

        foreach (var (name, expected) in _properties)
        {
            if (!message.TryGetUser(name, out var actual)
                || SqlComparison.TryEqual(SqlValue.From(actual), SqlValue.From(expected)) != true)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The fields on the message itself, given or not, in one order.</summary>
    internal IEnumerable<KeyValuePair<string, string?>> SystemFields() =>
    [
        new(SystemProperty.CorrelationId, CorrelationId),
        new(SystemProperty.MessageId, MessageId),
        new(SystemProperty.To, To),
        new(SystemProperty.ReplyTo, ReplyTo),
        new(SystemProperty.Label, Label),
        new(SystemProperty.SessionId, SessionId),
        new(SystemProperty.ReplyToSessionId, ReplyToSessionId),
        new(SystemProperty.ContentType, ContentType),
    ];

    private static bool Same(IMessageProperties message, string name, string? expected) =>
        expected is null
        || (message.TryGetSystem(name, out var actual)
            && actual is string text
            && string.Equals(text, expected, StringComparison.Ordinal));
}
