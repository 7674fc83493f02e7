// One filter as users write it: exactly one dialect is set. The shape of Knative's SubscriptionsAPIFilter.
using System.Text.Json.Serialization;

namespace ServerlessEventing.Contract.Filters;

/// <summary>
/// One filter, in exactly one dialect. Source: knative/eventing <c>trigger_types.go</c>, SubscriptionsAPIFilter;
/// CloudEvents Subscriptions API 0.1, section 3.2.4.
/// </summary>
public sealed record FilterExpression
{
    /// <summary>The Trigger's old <c>filter.attributes</c>: equal, and <c>""</c> for "present and not empty".</summary>
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }

    /// <summary>Every attribute named equals its value, case-sensitively.</summary>
    public IReadOnlyDictionary<string, string>? Exact { get; init; }

    /// <summary>Every attribute named starts with its value.</summary>
    public IReadOnlyDictionary<string, string>? Prefix { get; init; }

    /// <summary>Every attribute named ends with its value.</summary>
    public IReadOnlyDictionary<string, string>? Suffix { get; init; }

    /// <summary>Every filter passes.</summary>
    public IReadOnlyList<FilterExpression>? All { get; init; }

    /// <summary>At least one filter passes.</summary>
    public IReadOnlyList<FilterExpression>? Any { get; init; }

    /// <summary>The filter does not pass.</summary>
    public FilterExpression? Not { get; init; }

    /// <summary>A CloudEvents SQL expression that is true.</summary>
    [JsonPropertyName("cesql")]
    public string? CeSql { get; init; }
}
