// A value while an expression runs: texts are spans, so that looking at an attribute copies nothing.
using System.Globalization;

namespace ServerlessEventing.Contract.Filters.Cesql;

internal readonly ref struct Operand
{
    private Operand(CeSqlType type, int number, ReadOnlySpan<char> text)
    {
        Type = type;
        Number = number;
        Text = text;
    }

    public CeSqlType Type { get; }

    /// <summary>Of an Integer its value, of a Boolean 1 or 0.</summary>
    public int Number { get; }

    public ReadOnlySpan<char> Text { get; }

    public static Operand Of(bool value) => new(CeSqlType.Boolean, value ? 1 : 0, default);

    public static Operand Of(int value) => new(CeSqlType.Integer, value, default);

    public static Operand Of(ReadOnlySpan<char> value) => new(CeSqlType.String, 0, value);

    /// <summary>What an operation of this type returns beside an error.</summary>
    public static Operand ZeroOf(CeSqlType type) => new(type, 0, default);

    public CeSqlValue Keep() => Type switch
    {
        CeSqlType.Boolean => CeSqlValue.Of(Number != 0),
        CeSqlType.Integer => CeSqlValue.Of(Number),
        _ => CeSqlValue.Of(Text.ToString()),
    };

    /// <summary>This value as the type asked for; false if its text does not say such a value.</summary>
    public bool TryCast(CeSqlType type, out Operand cast)
    {
        cast = this;
        if (type == Type)
        {
            return true;
        }

        switch (type)
        {
            case CeSqlType.String:
                cast = Of(Type == CeSqlType.Boolean
                    ? Number != 0 ? "true" : "false"
                    : Number.ToString(CultureInfo.InvariantCulture));
                return true;
            case CeSqlType.Integer when Type == CeSqlType.Boolean:
                cast = Of(Number);
                return true;
            case CeSqlType.Boolean when Type == CeSqlType.Integer:
                cast = Of(Number != 0);
                return true;
            case CeSqlType.Integer:
                var isNumber = TryReadInteger(Text, out var number);
                cast = Of(number);
                return isNumber;
            default:
                var isTrue = Text.Equals("true", StringComparison.OrdinalIgnoreCase);
                cast = Of(isTrue);
                return isTrue || Text.Equals("false", StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Whether two values of one type are the same.</summary>
    public static bool AreEqual(Operand left, Operand right) =>
        left.Type == CeSqlType.String ? left.Text.SequenceEqual(right.Text) : left.Number == right.Number;

    // By hand, because int.TryParse also takes zero characters behind the digits.
    private static bool TryReadInteger(ReadOnlySpan<char> text, out int number)
    {
        number = 0;
        var isNegative = text is ['-', ..];
        var digits = isNegative || text is ['+', ..] ? text[1..] : text;
        var sum = 0L;
        foreach (var digit in digits)
        {
            sum = sum * 10 + (digit - '0');
            if (!char.IsAsciiDigit(digit) || sum > 1L + int.MaxValue)
            {
                return false;
            }
        }

        sum = isNegative ? -sum : sum;
        number = sum > int.MaxValue ? 0 : (int)sum;
        return digits.Length > 0 && sum <= int.MaxValue;
    }
}
