// A condition in the bus's SQL-like language.
namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Matches messages for which an expression is true.</summary>
public class SqlRuleFilter : RuleFilter
{
    internal const int MaxLength = 1024;

    /// <summary>A filter of at most 1,024 characters.</summary>
    public SqlRuleFilter(string sqlExpression)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sqlExpression);
        if (sqlExpression.Length > MaxLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(sqlExpression), $"The expression has {sqlExpression.Length} characters, at most {MaxLength}.");
        }

        SqlExpression = sqlExpression;
    }

    /// <summary>The expression.</summary>
    public string SqlExpression { get; }

    /// <summary>Values for names such as <c>@limit</c> in the expression.</summary>
    public IDictionary<string, object> Parameters { get; } = new Dictionary<string, object>(StringComparer.Ordinal);

    /// <inheritdoc />
    public override bool Equals(RuleFilter? other) => other is SqlRuleFilter sql
        && GetType() == sql.GetType()
        && string.Equals(SqlExpression, sql.SqlExpression, StringComparison.Ordinal)
        && SameEntries(Parameters, sql.Parameters);

    /// <inheritdoc />
    public override int GetHashCode() => SqlExpression.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc />
    public override string ToString() => $"SqlRuleFilter: {SqlExpression}";
}
