// What of a CloudEvents SQL expression the bus can check: never less than the expression lets through.
using ServerlessEventing.Contract.Filters.Cesql;

namespace ServerlessEventing.Operator.ServiceBus;

/// <remarks>
/// An expression passes an event when it is true <b>without error</b>, and a missing attribute is an error. So:
/// <code>
///   Upper(x): x true without error  ⇒ TRUE        Lower(x): x false without error ⇒ FALSE, never "unknown"
///   Needs(x): x without error       ⇒ TRUE        (the attributes x reads in any case are there)
/// </code>
/// Upper of the whole expression is pushed. A comparison of an attribute with a text, IN of literals and EXISTS are
/// pushed as they are, LIKE with its wildcards widened; of anything else only Needs. Below the <c>not</c> dialect
/// nothing is pushed: there an event passes also where the expression is in error.
/// </remarks>
internal static class CeSqlRule
{
    public static Predicate Upper(string expression) =>
        CeSqlExpression.Parse(expression) is { Succeeded: true } parsing
            ? Upper(parsing.Expression.Root)
            : Predicate.True;

    private static Predicate Upper(CeSqlNode node) => node switch
    {
        CeSqlNode.Literal literal => literal.Value.Type == CeSqlType.Boolean && !literal.Value.IsTrue
            ? Predicate.False
            : Predicate.True,
        CeSqlNode.Exists exists => RuleCompiler.Exists(exists.Name),
        CeSqlNode.Not not => Predicate.All([Needs(not), Predicate.Negate(Lower(not.Operand))]),
        CeSqlNode.Logic logic => Fold(logic, Upper, either: Predicate.Any),
        CeSqlNode.Like { Negated: false, Operand: CeSqlNode.Attribute attribute } like =>
            RuleCompiler.Like(attribute.Name, Widen(like.Pattern)),
        _ when Choices(node) is { } choices => choices.Negated
            ? Predicate.All([Needs(node), Predicate.Negate(Inside(choices, lower: true))])
            : Inside(choices, lower: false),
        _ => Needs(node),
    };

    private static Predicate Lower(CeSqlNode node) => node switch
    {
        CeSqlNode.Literal literal => literal.Value.IsTrue ? Predicate.True : Predicate.False,
        CeSqlNode.Exists exists => RuleCompiler.LowerExists(exists.Name),
        CeSqlNode.Not not => Predicate.Negate(Upper(not.Operand)),
        CeSqlNode.Logic logic => Fold(logic, Lower, either: _ => Predicate.False),
        _ when Choices(node) is { } choices => choices.Negated
            ? Predicate.Negate(Inside(choices, lower: false))
            : Inside(choices, lower: true),
        _ => Predicate.False,
    };

    // a op (b op c): from the right, runs of one operator together. What XOR gives hangs on both its sides.
    private static Predicate Fold(
        CeSqlNode.Logic logic, Func<CeSqlNode, Predicate> side, Func<IEnumerable<Predicate>, Predicate> either)
    {
        List<Predicate> run = [side(logic.Operands[^1])];
        for (var i = logic.Operators.Count - 1; i >= 0; i--)
        {
            run.Insert(0, side(logic.Operands[i]));
            var joining = logic.Operators[i];
            if (i == 0 || logic.Operators[i - 1] != joining)
            {
                run =
                [
                    joining switch
                    {
                        CeSqlOperator.And => Predicate.All(run),
                        CeSqlOperator.Or => Predicate.Any(run),
                        _ => either(run),
                    },
                ];
            }
        }

        return run[0];
    }

    // Attributes that must be there for the node to have a value without error.
    private static Predicate Needs(CeSqlNode node) => node switch
    {
        CeSqlNode.Attribute attribute => RuleCompiler.Exists(attribute.Name),
        CeSqlNode.Not not => Needs(not.Operand),
        CeSqlNode.Negate negate => Needs(negate.Operand),
        CeSqlNode.Like like => Needs(like.Operand),
        CeSqlNode.In membership => Predicate.All([Needs(membership.Operand), Needs(membership.Elements[0])]),
        CeSqlNode.Binary binary => Predicate.All([Needs(binary.Left), Needs(binary.Right)]),
        CeSqlNode.Logic logic => Needs(logic.Operands[0]),
        CeSqlNode.Call call => Predicate.All(call.Arguments.Select(Needs)),
        _ => Predicate.True,
    };

    // An attribute that is, or is not, one of some texts; null for anything else.
    private static AttributeChoices? Choices(CeSqlNode node) => node switch
    {
        CeSqlNode.Binary
        {
            Operator: CeSqlOperator.Equal or CeSqlOperator.NotEqual,
            Left: CeSqlNode.Attribute attribute,
            Right: CeSqlNode.Literal { Value: { Type: CeSqlType.String } value }
        } binary => new(attribute.Name, [value.Text!], binary.Operator == CeSqlOperator.NotEqual),

        // The other way round too: an attribute is a text, and so the literal becomes one.
        CeSqlNode.Binary
        {
            Operator: CeSqlOperator.Equal or CeSqlOperator.NotEqual,
            Left: CeSqlNode.Literal literal,
            Right: CeSqlNode.Attribute attribute
        } binary => new(attribute.Name, [literal.Value.ToString()], binary.Operator == CeSqlOperator.NotEqual),
        CeSqlNode.In { Operand: CeSqlNode.Attribute attribute } membership
            when membership.Elements.All(element => element is CeSqlNode.Literal) => new(
                attribute.Name,
                [.. membership.Elements.Cast<CeSqlNode.Literal>().Select(element => element.Value.ToString())],
                membership.Negated),
        _ => null,
    };

    private static Predicate Inside(AttributeChoices choices, bool lower) => Predicate.Any(choices.Texts.Select(text =>
        lower ? RuleCompiler.LowerEqual(choices.Attribute, text) : RuleCompiler.Equal(choices.Attribute, text)));

    // `_` may stand for a character that is two UTF-16 units on the bus, so it becomes %; what LIKE of the bus could
    // read as a sign of its own becomes _.
    private static string Widen(string pattern) => RuleCompiler.Widen(pattern
        .Replace("\\%", "\\", StringComparison.Ordinal)
        .Replace("\\_", "\\", StringComparison.Ordinal)
        .Replace('_', '%'), keep: '%');

    private sealed record AttributeChoices(string Attribute, IReadOnlyList<string> Texts, bool Negated);
}
