// What a CloudEvents SQL expression says, as a tree: immutable, typed, each node knowing where it stands.
namespace ServerlessEventing.Contract.Filters.Cesql;

/// <summary>A node of a parsed expression.</summary>
/// <param name="Position">Where it starts or its operator stands: 1-based, in characters (code points).</param>
public abstract record CeSqlNode(int Position)
{
    /// <summary>How many levels lie below and including this one; the parser bounds it.</summary>
    internal int Height { get; private init; } = 1;

    /// <summary>A literal: <c>'text'</c>, <c>7</c>, <c>TRUE</c>.</summary>
    public sealed record Literal(CeSqlValue Value, int Position) : CeSqlNode(Position);

    /// <summary>The text of an attribute, its name in lower case.</summary>
    public sealed record Attribute(string Name, int Position) : CeSqlNode(Position);

    /// <summary><c>EXISTS name</c>.</summary>
    public sealed record Exists(string Name, int Position) : CeSqlNode(Position);

    /// <summary><c>NOT operand</c>.</summary>
    public sealed record Not(CeSqlNode Operand, int Position) : CeSqlNode(Position);

    /// <summary><c>-operand</c>.</summary>
    public sealed record Negate(CeSqlNode Operand, int Position) : CeSqlNode(Position);

    /// <summary><c>operand [NOT] LIKE 'pattern'</c>.</summary>
    public sealed record Like(CeSqlNode Operand, string Pattern, bool Negated, int Position) : CeSqlNode(Position);

    /// <summary><c>operand [NOT] IN (elements)</c>.</summary>
    public sealed record In(CeSqlNode Operand, IReadOnlyList<CeSqlNode> Elements, bool Negated, int Position)
        : CeSqlNode(Position);

    /// <summary>A comparison or arithmetic.</summary>
    public sealed record Binary(CeSqlOperator Operator, CeSqlNode Left, CeSqlNode Right, int Position)
        : CeSqlNode(Position);

    /// <summary>
    /// A chain of AND, OR and XOR, which share one level and group from the right: <c>a AND b OR c</c> is
    /// <c>a AND (b OR c)</c>. Operator i stands between operands i and i + 1.
    /// </summary>
    public sealed record Logic(
        IReadOnlyList<CeSqlNode> Operands, IReadOnlyList<CeSqlOperator> Operators, int Position)
        : CeSqlNode(Position);

    /// <summary>A function call; the name in upper case. Whether there is such a one shows at evaluation.</summary>
    public sealed record Call(string Name, IReadOnlyList<CeSqlNode> Arguments, int Position) : CeSqlNode(Position);

    /// <summary>This node standing above others.</summary>
    internal CeSqlNode Above(params IEnumerable<CeSqlNode> children) =>
        this with { Height = 1 + children.Select(child => child.Height).DefaultIfEmpty().Max() };
}
