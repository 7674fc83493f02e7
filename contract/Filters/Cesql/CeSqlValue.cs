// A value as callers keep it: the result of an expression, or a literal in it.
using System.Globalization;

namespace ServerlessEventing.Contract.Filters.Cesql;

/// <summary>The three types of CloudEvents SQL. Attributes are always <see cref="String"/> here.</summary>
public enum CeSqlType
{
    /// <summary>TRUE or FALSE.</summary>
    Boolean,

    /// <summary>A 32-bit signed whole number.</summary>
    Integer,

    /// <summary>A sequence of Unicode characters.</summary>
    String,
}

/// <summary>A value of CloudEvents SQL.</summary>
public readonly record struct CeSqlValue
{
    private CeSqlValue(CeSqlType type, int number, string? text)
    {
        Type = type;
        Number = number;
        Text = text;
    }

    /// <summary>Its type.</summary>
    public CeSqlType Type { get; }

    /// <summary>The number of an Integer; 1 and 0 for TRUE and FALSE.</summary>
    public int Number { get; }

    /// <summary>The text of a String, otherwise null.</summary>
    public string? Text { get; }

    /// <summary>Whether this is TRUE itself: 1 and 'true' are not.</summary>
    public bool IsTrue => Type == CeSqlType.Boolean && Number != 0;

    /// <summary>A Boolean.</summary>
    public static CeSqlValue Of(bool value) => new(CeSqlType.Boolean, value ? 1 : 0, null);

    /// <summary>An Integer.</summary>
    public static CeSqlValue Of(int value) => new(CeSqlType.Integer, value, null);

    /// <summary>A String.</summary>
    public static CeSqlValue Of(string value) => new(CeSqlType.String, 0, value);

    /// <summary>The value cast to String.</summary>
    public override string ToString() => Type switch
    {
        CeSqlType.Boolean => Number != 0 ? "true" : "false",
        CeSqlType.Integer => Number.ToString(CultureInfo.InvariantCulture),
        _ => Text!,
    };
}
