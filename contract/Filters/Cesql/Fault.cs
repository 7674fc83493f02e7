// The first error of an evaluation, small enough to be carried along; its message is made only when asked for.
namespace ServerlessEventing.Contract.Filters.Cesql;

internal struct Fault
{
    private const int MaxShown = 64;

    private CeSqlErrorKind kind;
    private int position;
    private CeSqlType wanted;
    private string? subject;

    /// <summary>Whether something went wrong. Nothing is evaluated after that.</summary>
    public readonly bool IsSet => subject is not null;

    public void Cast(int at, Operand value, CeSqlType type)
    {
        wanted = type;
        Set(CeSqlErrorKind.Cast, at, value.Text.Length > MaxShown
            ? $"{value.Text[..MaxShown]}…"
            : value.Text.ToString());
    }

    public void MissingAttribute(int at, string name) => Set(CeSqlErrorKind.MissingAttribute, at, name);

    public void MissingFunction(int at, string name) => Set(CeSqlErrorKind.MissingFunction, at, name);

    public void Math(int at, string what) => Set(CeSqlErrorKind.Math, at, what);

    public void Function(int at, string what) => Set(CeSqlErrorKind.FunctionEvaluation, at, what);

    public readonly CeSqlError Describe() => new(kind, position, kind switch
    {
        CeSqlErrorKind.Cast => $"'{subject}' cannot be read as {(wanted == CeSqlType.Integer ? "a whole number "
            + "from -2147483648 to 2147483647" : "true or false")}",
        CeSqlErrorKind.MissingAttribute => $"the event has no attribute \"{subject}\"; guard it with EXISTS {subject}",
        CeSqlErrorKind.MissingFunction => $"there is no function {subject} with that many arguments",
        _ => subject!,
    });

    private void Set(CeSqlErrorKind what, int at, string about)
    {
        kind = what;
        position = at;
        subject = about;
    }
}
