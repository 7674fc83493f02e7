// One word of a rule's text, with its place.
namespace ServerlessEventing.Local.ServiceBus.Rules;

internal enum SqlTokenKind
{
    End, Identifier, Delimited, Text, Integer, Float, Parameter,
    And, Or, Not, In, Like, Escape, Is, Null, Exists, True, False,
    Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual,
    Plus, Minus, Star, Slash, Percent, Open, Close, Comma, Dot, Semicolon,
}

/// <param name="Kind">What it is.</param>
/// <param name="Position">Where it starts, from 1.</param>
/// <param name="Text">A name or a string without its quotes, or the characters as written.</param>
/// <param name="Integer">The magnitude of an integer constant.</param>
/// <param name="Float">The value of a constant with a point or an exponent.</param>
internal readonly record struct SqlToken(
    SqlTokenKind Kind, int Position, string Text, ulong Integer = 0, double Float = 0)
{
    /// <summary>How an error names it.</summary>
    public string Describe() => Kind switch
    {
        SqlTokenKind.End => "the end",
        SqlTokenKind.Text => $"the string '{Text}'",
        SqlTokenKind.Delimited => $"the name [{Text}]",
        _ => $"`{Text}`",
    };
}
