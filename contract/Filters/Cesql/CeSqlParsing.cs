// What parsing an expression gives: the expression, or the first mistake in it and where that is.
using System.Diagnostics.CodeAnalysis;

namespace ServerlessEventing.Contract.Filters.Cesql;

/// <summary>The first mistake in an expression.</summary>
/// <param name="Position">Where it is: 1-based, in characters (code points).</param>
/// <param name="Message">What was expected and what was found.</param>
public sealed record CeSqlParseError(int Position, string Message)
{
    /// <summary>Position and message in one line.</summary>
    public override string ToString() => $"at character {Position}: {Message}";
}

/// <summary>An expression, or why there is none.</summary>
public sealed record CeSqlParsing
{
    internal CeSqlParsing(CeSqlExpression? expression, CeSqlParseError? error)
    {
        Expression = expression;
        Error = error;
    }

    /// <summary>The expression; null when <see cref="Error"/> says why not.</summary>
    public CeSqlExpression? Expression { get; }

    /// <summary>The first mistake; null when the text parsed.</summary>
    public CeSqlParseError? Error { get; }

    /// <summary>Whether there is an expression.</summary>
    [MemberNotNullWhen(true, nameof(Expression))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool Succeeded => Expression is not null;
}
