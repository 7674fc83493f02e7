// What evaluating an expression gives: a value, and what went wrong if something did.
namespace ServerlessEventing.Contract.Filters.Cesql;

/// <summary>What can go wrong in an evaluation; the names are the specification's.</summary>
public enum CeSqlErrorKind
{
    /// <summary>A value cannot be read as the type an operator needs.</summary>
    Cast,

    /// <summary>A division by zero, or a number that leaves the 32 bits where that counts.</summary>
    Math,

    /// <summary>The event does not have the attribute.</summary>
    MissingAttribute,

    /// <summary>There is no function of that name and number of arguments.</summary>
    MissingFunction,

    /// <summary>A function cannot take these arguments.</summary>
    FunctionEvaluation,
}

/// <summary>What went wrong, and where in the expression (1-based, in characters).</summary>
public sealed record CeSqlError(CeSqlErrorKind Kind, int Position, string Message);

/// <summary>A value and at most one error, beside which the value is what the specification asks for.</summary>
public readonly record struct CeSqlResult(CeSqlValue Value, CeSqlError? Error)
{
    /// <summary>Whether an event with this result passes: TRUE, and no error at all.</summary>
    public bool Passes => Error is null && Value.IsTrue;
}
