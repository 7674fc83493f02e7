// An action in the bus's SQL-like language: SET and REMOVE.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Sets and removes properties of the copy that goes into the bus subscription.</summary>
public sealed class SqlRuleAction : RuleAction
{
    /// <summary>An action of at most 1,024 characters.</summary>
    public SqlRuleAction(string sqlExpression)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sqlExpression);
        if (sqlExpression.Length > SqlRuleFilter.MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(sqlExpression),
                $"The expression has {sqlExpression.Length} characters, at most {SqlRuleFilter.MaxLength}.");
        }

        SqlExpression = sqlExpression;
    }

    /// <summary>The statements.</summary>
    public string SqlExpression { get; }

    /// <summary>Values for names such as <c>@value</c> in the statements.</summary>
    public IDictionary<string, object> Parameters { get; } = new Dictionary<string, object>(StringComparer.Ordinal);

    /// <inheritdoc />
    public override bool Equals(RuleAction? other) => other is SqlRuleAction sql
        && string.Equals(SqlExpression, sql.SqlExpression, StringComparison.Ordinal)
        && RuleFilter.SameEntries(Parameters, sql.Parameters);

    /// <inheritdoc />
    public override int GetHashCode() => SqlExpression.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc />
    public override string ToString() => $"SqlRuleAction: {SqlExpression}";
}
