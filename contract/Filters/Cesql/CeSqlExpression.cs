// A CloudEvents SQL expression ready to run: parsed once, asked once per event.
namespace ServerlessEventing.Contract.Filters.Cesql;

/// <summary>
/// CloudEvents SQL v1: text in, an expression that can be evaluated any number of times and from any thread out.
/// </summary>
/// <remarks>
/// <code>
///   text ──Tokenizer──► tokens ──Parser──► CeSqlNode ──EvaluationCompiler──► Evaluation ──event──► value, fault
/// </code>
/// Differences in Knative's implementation that are its defects are not repeated: characters count as Unicode code
/// points, what means nothing is a mistake, and a result that is no Boolean does not pass.
/// </remarks>
public sealed class CeSqlExpression
{
    /// <summary>
    /// The longest expression, in UTF-16 units. Room for a list of some hundred names; the whole routing table has to
    /// fit one ConfigMap of 1 MB, and parsing stays below a few milliseconds.
    /// </summary>
    public const int MaxLength = 16 * 1024;

    private readonly Evaluation evaluation;

    internal CeSqlExpression(string text, CeSqlNode root, IReadOnlyList<string> warnings)
    {
        Text = text;
        Root = root;
        Warnings = warnings;
        evaluation = EvaluationCompiler.Compile(root);
    }

    /// <summary>The expression as written.</summary>
    public string Text { get; }

    /// <summary>What it says.</summary>
    public CeSqlNode Root { get; }

    /// <summary>Places where the grammar's reading is unlikely to be what was meant.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Parses an expression. Any text gives an expression or an error; nothing is thrown.</summary>
    public static CeSqlParsing Parse(string text) => text.Length <= MaxLength
        ? Parser.Parse(text)
        : new CeSqlParsing(null, new CeSqlParseError(MaxLength + 1,
            $"the expression has {text.Length} characters, at most {MaxLength} are allowed; "
            + "split it into several filters"));

    /// <summary>Whether the event passes: TRUE, without any error. Comparing attributes allocates nothing.</summary>
    public bool Passes(IEventAttributes attributes)
    {
        var fault = default(Fault);
        var value = evaluation(attributes, ref fault);
        return !fault.IsSet && value.Type == CeSqlType.Boolean && value.Number != 0;
    }

    /// <summary>The value for an event, and the error if there was one.</summary>
    public CeSqlResult Evaluate(IEventAttributes attributes)
    {
        var fault = default(Fault);
        var value = evaluation(attributes, ref fault);
        return new CeSqlResult(value.Keep(), fault.IsSet ? fault.Describe() : null);
    }
}
