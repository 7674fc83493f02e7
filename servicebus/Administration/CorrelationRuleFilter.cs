// A condition of equalities, which the bus looks up instead of evaluating.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Matches messages whose properties all equal the given ones, case and all.</summary>
public sealed class CorrelationRuleFilter : RuleFilter
{
    /// <summary>A filter to be filled in; at least one property must be given.</summary>
    public CorrelationRuleFilter()
    {
    }

    /// <summary>A filter on the correlation id.</summary>
    public CorrelationRuleFilter(string correlationId) => CorrelationId = correlationId;

    /// <summary>Application properties and the values they must have.</summary>
    public IDictionary<string, object> ApplicationProperties { get; } =
        new Dictionary<string, object>(StringComparer.Ordinal);

    /// <summary>The correlation id, if it matters.</summary>
    public string? CorrelationId { get; set; }

    /// <summary>The message id, if it matters.</summary>
    public string? MessageId { get; set; }

    /// <summary>The logical destination, if it matters.</summary>
    public string? To { get; set; }

    /// <summary>The address for answers, if it matters.</summary>
    public string? ReplyTo { get; set; }

    /// <summary>The label, if it matters.</summary>
    public string? Subject { get; set; }

    /// <summary>The session, if it matters.</summary>
    public string? SessionId { get; set; }

    /// <summary>The session for answers, if it matters.</summary>
    public string? ReplyToSessionId { get; set; }

    /// <summary>The media type, if it matters.</summary>
    public string? ContentType { get; set; }

    /// <inheritdoc />
    public override bool Equals(RuleFilter? other) => other is CorrelationRuleFilter correlation
        && SystemProperties == correlation.SystemProperties
        && SameEntries(ApplicationProperties, correlation.ApplicationProperties);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(SystemProperties, ApplicationProperties.Count);

    /// <inheritdoc />
    public override string ToString() =>
        $"CorrelationRuleFilter: {string.Join(" AND ", ApplicationProperties.Select(p => $"{p.Key} = '{p.Value}'"))}";

    private (string?, string?, string?, string?, string?, string?, string?, string?) SystemProperties =>
        (CorrelationId, MessageId, To, ReplyTo, Subject, SessionId, ReplyToSessionId, ContentType);
}
