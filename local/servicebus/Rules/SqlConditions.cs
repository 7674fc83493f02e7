// The conditions: logic, comparison, LIKE, IN, IS NULL and EXISTS.
namespace ServerlessEventing.Local.ServiceBus.Rules;

/// <summary>AND over any number of conditions, from the left, until one is false.</summary>
internal sealed class AndCondition(SqlCondition[] parts) : SqlCondition
{
    // Only the first: when it is false, the others are not asked, and cannot fail.
    public override SqlKey? Key => parts[0].Key is { } key ? key with { IsWhole = false } : null;

    public override Truth Evaluate(IMessageProperties message)
    {
        var truth = Truth.True;
        foreach (var part in parts)
        {
            var next = part.Evaluate(message);
            truth = next < truth ? next : truth;
            if (truth == Truth.False)
            {
                break;
            }
        }

        return truth;
    }
}

/// <summary>OR over any number of conditions, from the left, until one is true.</summary>
internal sealed class OrCondition(SqlCondition[] parts) : SqlCondition
{
    public override SqlKey? Key => SqlKey.OfAny(parts);

    public override Truth Evaluate(IMessageProperties message)
    {
        var truth = Truth.False;
        foreach (var part in parts)
        {
            var next = part.Evaluate(message);
            truth = next > truth ? next : truth;
            if (truth == Truth.True)
            {
                break;
            }
        }

        return truth;
    }
}

internal sealed class NotCondition(SqlCondition inner) : SqlCondition
{
    public override Truth Evaluate(IMessageProperties message) => inner.Evaluate(message).Not();
}

internal sealed class CompareCondition(SqlTokenKind operation, SqlOperand left, SqlOperand right) : SqlCondition
{
    public override SqlKey? Key => operation == SqlTokenKind.Equal
        ? SqlKey.Of(left, [right]) ?? SqlKey.Of(right, [left])
        : null;

    public override Truth Evaluate(IMessageProperties message) =>
        SqlComparison.Compare(operation, left.Evaluate(message), right.Evaluate(message));
}

/// <summary>
/// An unknown left side is unknown whatever the list holds; otherwise it is the OR of the equalities, so that an
/// unknown element leaves the answer open unless another one is equal.
/// </summary>
internal sealed class InCondition(SqlOperand left, SqlOperand[] list, bool negated) : SqlCondition
{
    public override SqlKey? Key => negated ? null : SqlKey.Of(left, list);

    public override Truth Evaluate(IMessageProperties message)
    {
        var value = left.Evaluate(message);
        if (value.IsUnknown)
        {
            return Truth.Unknown;
        }

        var truth = Truth.False;
        foreach (var element in list)
        {
            var next = SqlComparison.Compare(SqlTokenKind.Equal, value, element.Evaluate(message));
            truth = next > truth ? next : truth;
            if (truth == Truth.True)
            {
                break;
            }
        }

        return truth.NotIf(negated);
    }
}

internal sealed class LikeCondition(SqlOperand left, SqlOperand pattern, SqlOperand? escape, bool negated)
    : SqlCondition
{
    public override Truth Evaluate(IMessageProperties message)
    {
        var text = left.Evaluate(message);
        var mask = pattern.Evaluate(message);
        var mark = escape is null ? SqlValue.Of("") : escape.Evaluate(message);
        if (IsOpen(text) || IsOpen(mask) || IsOpen(mark))
        {
            return Truth.Unknown;
        }

        RequireText(text);
        RequireText(mask);
        RequireText(mark);
        if (escape is not null && mark.Text.Length != 1)
        {
            throw new RuleEvaluationException("ESCAPE takes one character");
        }

        char? escapeCharacter = escape is null ? null : mark.Text[0];
        if (LikePattern.Fault(mask.Text, escapeCharacter) is { } fault)
        {
            throw new RuleEvaluationException($"the pattern of LIKE has {fault}");
        }

        return LikePattern.IsMatch(text.Text, mask.Text, escapeCharacter).ToTruth().NotIf(negated);
    }

    // NULL is no string to look into, and no other type either: it leaves the answer open.
    private static bool IsOpen(in SqlValue value) => value.Kind is SqlKind.Unknown or SqlKind.Null;

    private static void RequireText(in SqlValue value)
    {
        if (value.Kind != SqlKind.Text)
        {
            throw new RuleEvaluationException($"LIKE takes strings, not {value.Describe()}");
        }
    }
}

/// <summary>True for a property that is missing and for one that is NULL; never unknown.</summary>
internal sealed class NullCondition(PropertyOperand property, bool negated) : SqlCondition
{
    public override Truth Evaluate(IMessageProperties message)
    {
        var value = property.Evaluate(message);
        return (value.Kind is SqlKind.Unknown or SqlKind.Null).ToTruth().NotIf(negated);
    }
}

internal sealed class ExistsCondition(PropertyOperand property) : SqlCondition
{
    public override Truth Evaluate(IMessageProperties message) => property.Exists(message).ToTruth();
}
