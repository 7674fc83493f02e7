// A filter written in Service Bus's SQL.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>
/// Passes a message when the expression is true; false and unknown do not pass. Strings compare by ordinal, in
/// <c>LIKE</c> too: Azure documents no rule for its case.
/// </summary>
public sealed class SqlFilter : RuleFilter
{
    private readonly SqlCondition _condition;

    private SqlFilter(string expression, SqlCondition condition)
    {
        Expression = expression;
        _condition = condition;
    }

    /// <summary>The longest expression that is read.</summary>
    public static int MaxLength => SqlParser.MaxLength;

    /// <summary>The text, as it was given.</summary>
    public string Expression { get; }

    /// <summary>By what an index may find it; null where it must be evaluated.</summary>
    internal SqlKey? Key => _condition.Key;

    /// <summary>Reads an expression; throws <see cref="RuleSyntaxException"/>.</summary>
    public static SqlFilter Parse(string expression) => Parse(expression, null);

    /// <summary>Reads an expression whose <c>@names</c> stand for these values.</summary>
    public static SqlFilter Parse(string expression, IReadOnlyDictionary<string, object?>? parameters) =>
        new(expression, SqlParser.Filter(expression, parameters));

    public override bool Matches(IMessageProperties message) => _condition.Evaluate(message) == Truth.True;

    internal Truth Evaluate(IMessageProperties message) => _condition.Evaluate(message);
}
