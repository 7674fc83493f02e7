// Computes as C# would: 64-bit integers wrap, a double makes doubles, + joins strings, times have differences.
namespace ServerlessEventing.Local.ServiceBus.Rules;

internal static class SqlArithmetic
{
    /// <summary>Unknown when a side is; throws when C# has no such operator for the two types.</summary>
    public static SqlValue Apply(SqlTokenKind operation, in SqlValue left, in SqlValue right)
    {
        if (left.IsUnknown || right.IsUnknown)
        {
            return SqlValue.Unknown;
        }

        if (operation == SqlTokenKind.Plus && (left.Kind == SqlKind.Text || right.Kind == SqlKind.Text))
        {
            return Join(left, right);
        }

        if (left.Kind == SqlKind.Null || right.Kind == SqlKind.Null)
        {
            return SqlValue.Null;
        }

        try
        {
            return left.IsNumber && right.IsNumber
                ? Numbers(operation, left, right)
                : Times(operation, left, right);
        }
        catch (DivideByZeroException)
        {
            throw new RuleEvaluationException("division by zero");
        }
        catch (OverflowException)
        {
            throw new RuleEvaluationException("the result of an operation is out of range");
        }
    }

    public static SqlValue Negate(in SqlValue value) => value.Kind switch
    {
        SqlKind.Unknown or SqlKind.Null => value,
        SqlKind.Integer => SqlValue.Of(unchecked(-value.Integer)),
        SqlKind.Float => SqlValue.Of(-value.Float),
        SqlKind.Decimal => SqlValue.Of(-value.Decimal),
        SqlKind.Span => SqlValue.OfSpan(unchecked(-value.Ticks)),
        _ => throw new RuleEvaluationException($"- before {value.Describe()}: no such operation"),
    };

    private static SqlValue Join(in SqlValue left, in SqlValue right)
    {
        // A text of properties may be doubled by each rule; what no message could carry is refused.
        const int Longest = 64 * 1024;
        var joined = string.Concat(left.ToString(), right.ToString());
        return joined.Length <= Longest
            ? SqlValue.Of(joined)
            : throw new RuleEvaluationException($"a string of over {Longest} characters");
    }

    private static SqlValue Numbers(SqlTokenKind operation, in SqlValue left, in SqlValue right)
    {
        var hasFloat = left.Kind == SqlKind.Float || right.Kind == SqlKind.Float;
        var hasDecimal = left.Kind == SqlKind.Decimal || right.Kind == SqlKind.Decimal;
        var hasUnsigned = left.Kind == SqlKind.Unsigned || right.Kind == SqlKind.Unsigned;
        if (hasFloat)
        {
            return hasDecimal
                ? throw SqlComparison.Mixed(operation, left, right)
                : SqlValue.Of(Floats(operation, left.Float, right.Float));
        }

        if (hasDecimal)
        {
            return SqlValue.Of(Decimals(operation, left.Decimal, right.Decimal));
        }

        if (!hasUnsigned)
        {
            return SqlValue.Of(Integers(operation, left.Integer, right.Integer));
        }

        // C# has no operator for a ulong beside a negative long.
        return IsNegative(left) || IsNegative(right)
            ? throw SqlComparison.Mixed(operation, left, right)
            : SqlValue.Of(Unsigneds(operation, left.Unsigned, right.Unsigned));
    }

    private static bool IsNegative(in SqlValue value) => value.Kind == SqlKind.Integer && value.Integer < 0;

    private static long Integers(SqlTokenKind operation, long left, long right) => operation switch
    {
        SqlTokenKind.Plus => unchecked(left + right),
        SqlTokenKind.Minus => unchecked(left - right),
        SqlTokenKind.Star => unchecked(left * right),
        SqlTokenKind.Slash => left / right,
        // The processor traps long.MinValue % -1, whose answer is 0.
        _ => right == -1 ? 0 : left % right,
    };

    private static ulong Unsigneds(SqlTokenKind operation, ulong left, ulong right) => operation switch
    {
        SqlTokenKind.Plus => unchecked(left + right),
        SqlTokenKind.Minus => unchecked(left - right),
        SqlTokenKind.Star => unchecked(left * right),
        SqlTokenKind.Slash => left / right,
        _ => left % right,
    };

    private static double Floats(SqlTokenKind operation, double left, double right) => operation switch
    {
        SqlTokenKind.Plus => left + right,
        SqlTokenKind.Minus => left - right,
        SqlTokenKind.Star => left * right,
        SqlTokenKind.Slash => left / right,
        _ => left % right,
    };

    private static decimal Decimals(SqlTokenKind operation, decimal left, decimal right) => operation switch
    {
        SqlTokenKind.Plus => left + right,
        SqlTokenKind.Minus => left - right,
        SqlTokenKind.Star => left * right,
        SqlTokenKind.Slash => left / right,
        _ => left % right,
    };

    private static SqlValue Times(SqlTokenKind operation, in SqlValue left, in SqlValue right) =>
        (left.Kind, operation, right.Kind) switch
        {
            (SqlKind.Instant, SqlTokenKind.Minus, SqlKind.Instant) => SqlValue.OfSpan(left.Ticks - right.Ticks),
            (SqlKind.Instant, SqlTokenKind.Plus, SqlKind.Span) => Instant(left.Ticks, right.Ticks),
            (SqlKind.Instant, SqlTokenKind.Minus, SqlKind.Span) => Instant(left.Ticks, -right.Ticks),
            (SqlKind.Span, SqlTokenKind.Plus, SqlKind.Span) => SqlValue.OfSpan(checked(left.Ticks + right.Ticks)),
            (SqlKind.Span, SqlTokenKind.Minus, SqlKind.Span) => SqlValue.OfSpan(checked(left.Ticks - right.Ticks)),
            _ => throw SqlComparison.Mixed(operation, left, right),
        };

    private static SqlValue Instant(long ticks, long by)
    {
        var sum = checked(ticks + by);
        return sum >= 0 && sum <= DateTime.MaxValue.Ticks ? SqlValue.OfInstant(sum) : throw new OverflowException();
    }
}
