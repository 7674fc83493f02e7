// What a rule does to its copy of a message, written in Service Bus's SQL.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>SET and REMOVE statements. Immutable, and safe to use from many threads.</summary>
public sealed class SqlAction
{
    private readonly List<SqlStatement> _statements;

    private SqlAction(string expression, List<SqlStatement> statements)
    {
        Expression = expression;
        _statements = statements;
    }

    /// <summary>The text, as it was given.</summary>
    public string Expression { get; }

    /// <summary>Reads an action; throws <see cref="RuleSyntaxException"/>.</summary>
    public static SqlAction Parse(string expression) => Parse(expression, null);

    /// <summary>Reads an action whose <c>@names</c> stand for these values.</summary>
    public static SqlAction Parse(string expression, IReadOnlyDictionary<string, object?>? parameters) =>
        new(expression, SqlParser.Action(expression, parameters));

    /// <summary>
    /// Runs the statements in order, each seeing what those before it did. A property set to an unknown value becomes
    /// null; a system property that is removed is set to null. When it throws
    /// <see cref="RuleEvaluationException"/> the copy is half changed and must be thrown away.
    /// </summary>
    public void Apply(IMutableMessageProperties message)
    {
        foreach (var statement in _statements)
        {
            statement.Apply(message);
        }
    }
}
