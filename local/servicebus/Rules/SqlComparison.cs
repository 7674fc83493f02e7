// Compares two values as C# would: numbers are promoted, strings are ordinal, other mixtures are errors.
namespace ServerlessEventing.Local.ServiceBus.Rules;

internal static class SqlComparison
{
    /// <summary>Unknown when a side is; throws when C# has no such operator for the two types.</summary>
    public static Truth Compare(SqlTokenKind operation, in SqlValue left, in SqlValue right)
    {
        if (left.IsUnknown || right.IsUnknown)
        {
            return Truth.Unknown;
        }

        if (operation is SqlTokenKind.Equal or SqlTokenKind.NotEqual)
        {
            var equal = TryEqual(left, right) ?? throw Mixed(operation, left, right);
            return equal.ToTruth().NotIf(operation == SqlTokenKind.NotEqual);
        }

        // As with C#'s nullables, NULL is neither before nor after anything.
        if (left.Kind == SqlKind.Null || right.Kind == SqlKind.Null)
        {
            return Truth.False;
        }

        return Ordered(operation, left, right).ToTruth();
    }

    /// <summary>Null when the two types cannot be compared.</summary>
    public static bool? TryEqual(in SqlValue left, in SqlValue right)
    {
        if (left.Kind == SqlKind.Null || right.Kind == SqlKind.Null)
        {
            return left.Kind == right.Kind;
        }

        if (left.IsNumber && right.IsNumber)
        {
            return IsFloatWithDecimal(left, right) ? null : NumbersEqual(left, right);
        }

        if (left.Kind != right.Kind)
        {
            return null;
        }

        return left.Kind switch
        {
            SqlKind.Text => string.Equals(left.Text, right.Text, StringComparison.Ordinal),
            SqlKind.Boolean => left.Boolean == right.Boolean,
            SqlKind.Instant or SqlKind.Span => left.Ticks == right.Ticks,
            _ => left.Boxed!.GetType() == right.Boxed!.GetType() ? left.Boxed.Equals(right.Boxed) : null,
        };
    }

    /// <summary>Equal values have equal hashes, across the number types too.</summary>
    public static int Hash(in SqlValue value) => value.Kind switch
    {
        SqlKind.Unknown or SqlKind.Null => 0,
        SqlKind.Text => value.Text.GetHashCode(),
        SqlKind.Boolean => value.Boolean ? 1 : 2,
        SqlKind.Instant or SqlKind.Span => value.Ticks.GetHashCode(),
        SqlKind.Other => value.Boxed!.GetHashCode(),
        SqlKind.Decimal => Hash(value.Decimal),
        // Adding zero turns -0 into 0, which it equals.
        _ => (value.Float + 0.0).GetHashCode(),
    };

    public static RuleEvaluationException Mixed(SqlTokenKind operation, in SqlValue left, in SqlValue right) =>
        new($"{left.Describe()} {Written(operation)} {right.Describe()}: no such operation");

    // Whole decimals may equal integers, so they hash as those do; decimals and doubles are never equal.
    private static int Hash(decimal value)
    {
        var isInteger = decimal.Truncate(value) == value && value is >= long.MinValue and <= ulong.MaxValue;
        return isInteger
            ? Hash(value < 0 ? SqlValue.Of((long)value) : SqlValue.Of((ulong)value))
            : value.GetHashCode();
    }

    private static bool NumbersEqual(in SqlValue left, in SqlValue right)
    {
        if (left.Kind == SqlKind.Float || right.Kind == SqlKind.Float)
        {
            return left.Float == right.Float;
        }

        if (left.Kind == SqlKind.Decimal || right.Kind == SqlKind.Decimal)
        {
            return left.Decimal == right.Decimal;
        }

        return left.Kind == right.Kind && left.Integer == right.Integer;
    }

    private static bool Ordered(SqlTokenKind operation, in SqlValue left, in SqlValue right)
    {
        if (left.IsNumber && right.IsNumber && !IsFloatWithDecimal(left, right))
        {
            if (left.Kind == SqlKind.Float || right.Kind == SqlKind.Float)
            {
                return Floats(operation, left.Float, right.Float);
            }

            if (left.Kind == SqlKind.Decimal || right.Kind == SqlKind.Decimal)
            {
                return Holds(operation, left.Decimal.CompareTo(right.Decimal));
            }

            // An unsigned value is beyond every long; two of them keep their order as ulongs.
            return Holds(operation, (left.Kind, right.Kind) switch
            {
                (SqlKind.Unsigned, SqlKind.Unsigned) => left.Unsigned.CompareTo(right.Unsigned),
                (SqlKind.Unsigned, _) => 1,
                (_, SqlKind.Unsigned) => -1,
                _ => left.Integer.CompareTo(right.Integer),
            });
        }

        if (left.Kind == right.Kind && left.Kind is SqlKind.Instant or SqlKind.Span)
        {
            return Holds(operation, left.Ticks.CompareTo(right.Ticks));
        }

        throw Mixed(operation, left, right);
    }

    // Not by CompareTo, which puts NaN before all numbers; here it is neither before nor after.
    private static bool Floats(SqlTokenKind operation, double left, double right) => operation switch
    {
        SqlTokenKind.Less => left < right,
        SqlTokenKind.LessOrEqual => left <= right,
        SqlTokenKind.Greater => left > right,
        _ => left >= right,
    };

    private static bool Holds(SqlTokenKind operation, int order) => operation switch
    {
        SqlTokenKind.Less => order < 0,
        SqlTokenKind.LessOrEqual => order <= 0,
        SqlTokenKind.Greater => order > 0,
        _ => order >= 0,
    };

    private static bool IsFloatWithDecimal(in SqlValue left, in SqlValue right) =>
        (left.Kind == SqlKind.Float && right.Kind == SqlKind.Decimal)
        || (left.Kind == SqlKind.Decimal && right.Kind == SqlKind.Float);

    private static string Written(SqlTokenKind operation) => operation switch
    {
        SqlTokenKind.Equal => "=",
        SqlTokenKind.NotEqual => "<>",
        SqlTokenKind.Less => "<",
        SqlTokenKind.LessOrEqual => "<=",
        SqlTokenKind.Greater => ">",
        SqlTokenKind.GreaterOrEqual => ">=",
        SqlTokenKind.Plus => "+",
        SqlTokenKind.Minus => "-",
        SqlTokenKind.Star => "*",
        SqlTokenKind.Slash => "/",
        _ => "%",
    };
}
