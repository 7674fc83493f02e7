// A value while a rule is evaluated; a struct, so that reading and comparing properties allocates nothing.
using System.Globalization;

namespace ServerlessEventing.Local.ServiceBus.Rules;

internal enum SqlKind : byte
{
    Unknown, Null, Boolean, Integer, Unsigned, Float, Decimal, Text, Instant, Span, Other,
}

internal readonly struct SqlValue
{
    private readonly long _bits;
    private readonly object? _object;

    private SqlValue(SqlKind kind, long bits, object? boxed)
    {
        Kind = kind;
        _bits = bits;
        _object = boxed;
    }

    public SqlKind Kind { get; }

    /// <summary>A user property that the message does not have.</summary>
    public static SqlValue Unknown => default;

    public static SqlValue Null => new(SqlKind.Null, 0, null);

    public bool IsUnknown => Kind == SqlKind.Unknown;

    public bool IsNumber => Kind is SqlKind.Integer or SqlKind.Unsigned or SqlKind.Float or SqlKind.Decimal;

    public bool Boolean => _bits != 0;

    public long Integer => _bits;

    public ulong Unsigned => (ulong)_bits;

    public double Float => Kind switch
    {
        SqlKind.Float => BitConverter.Int64BitsToDouble(_bits),
        SqlKind.Unsigned => Unsigned,
        SqlKind.Decimal => (double)Decimal,
        _ => _bits,
    };

    public decimal Decimal => Kind switch
    {
        SqlKind.Decimal => (decimal)_object!,
        SqlKind.Unsigned => Unsigned,
        _ => _bits,
    };

    public string Text => (string)_object!;

    /// <summary>Ticks of a span, or UTC ticks of an instant.</summary>
    public long Ticks => _bits;

    /// <summary>The value as properties carry it: what was read, in its own type, or what was computed.</summary>
    public object? Boxed => _object ?? Kind switch
    {
        SqlKind.Boolean => Boolean,
        SqlKind.Integer => Integer,
        SqlKind.Unsigned => Unsigned,
        SqlKind.Float => Float,
        SqlKind.Instant => new DateTime(_bits, DateTimeKind.Utc),
        SqlKind.Span => new TimeSpan(_bits),
        _ => null,
    };

    public static SqlValue Of(bool value) => new(SqlKind.Boolean, value ? 1 : 0, null);

    public static SqlValue Of(long value) => new(SqlKind.Integer, value, null);

    /// <summary>Unsigned only where a long cannot hold it, so that equal numbers have one form.</summary>
    public static SqlValue Of(ulong value) =>
        new(value > long.MaxValue ? SqlKind.Unsigned : SqlKind.Integer, (long)value, null);

    public static SqlValue Of(double value) => new(SqlKind.Float, BitConverter.DoubleToInt64Bits(value), null);

    public static SqlValue Of(decimal value) => new(SqlKind.Decimal, 0, value);

    public static SqlValue Of(string value) => new(SqlKind.Text, 0, value);

    public static SqlValue OfInstant(long utcTicks) => new(SqlKind.Instant, utcTicks, null);

    public static SqlValue OfSpan(long ticks) => new(SqlKind.Span, ticks, null);

    /// <summary>A property's value; whatever is no number, boolean, string or time can only be equal or not.</summary>
    public static SqlValue From(object? value) => value switch
    {
        null => Null,
        string => new SqlValue(SqlKind.Text, 0, value),
        bool b => new SqlValue(SqlKind.Boolean, b ? 1 : 0, value),
        int i => new SqlValue(SqlKind.Integer, i, value),
        long l => new SqlValue(SqlKind.Integer, l, value),
        double d => new SqlValue(SqlKind.Float, BitConverter.DoubleToInt64Bits(d), value),
        float f => new SqlValue(SqlKind.Float, BitConverter.DoubleToInt64Bits(f), value),
        short s => new SqlValue(SqlKind.Integer, s, value),
        sbyte s => new SqlValue(SqlKind.Integer, s, value),
        byte b => new SqlValue(SqlKind.Integer, b, value),
        ushort u => new SqlValue(SqlKind.Integer, u, value),
        uint u => new SqlValue(SqlKind.Integer, u, value),
        ulong u => new SqlValue(u > long.MaxValue ? SqlKind.Unsigned : SqlKind.Integer, (long)u, value),
        decimal => new SqlValue(SqlKind.Decimal, 0, value),
        DateTime t => new SqlValue(SqlKind.Instant, t.ToUniversalTime().Ticks, value),
        DateTimeOffset t => new SqlValue(SqlKind.Instant, t.UtcTicks, value),
        TimeSpan t => new SqlValue(SqlKind.Span, t.Ticks, value),
        _ => new SqlValue(SqlKind.Other, 0, value),
    };

    /// <summary>The value as text is joined with it.</summary>
    public override string ToString() => Convert.ToString(Boxed, CultureInfo.InvariantCulture) ?? "";

    /// <summary>What an error calls it.</summary>
    public string Describe() => Kind switch
    {
        SqlKind.Unknown => "an unknown value",
        SqlKind.Null => "NULL",
        SqlKind.Boolean => "a boolean",
        SqlKind.Integer or SqlKind.Unsigned => "an integer",
        SqlKind.Float or SqlKind.Decimal => "a number",
        SqlKind.Text => "a string",
        SqlKind.Instant => "a time",
        SqlKind.Span => "a time span",
        _ => $"a {_object!.GetType().Name}",
    };
}
