// The pieces an expression is made of.
namespace ServerlessEventing.Contract.Filters.Cesql;

internal enum TokenKind
{
    End,
    Faulty,
    Identifier,
    FunctionName,
    Integer,
    String,
    True,
    False,
    Not,
    And,
    Or,
    Xor,
    Like,
    In,
    Exists,
    Open,
    Close,
    Comma,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>
/// A piece of an expression. <see cref="Text"/> is as written, except of a string: what it stands for; and of
/// <see cref="TokenKind.Faulty"/>: what is wrong.
/// </summary>
internal readonly record struct Token(TokenKind Kind, int Position, string Text);
