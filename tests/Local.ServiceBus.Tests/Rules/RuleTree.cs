// A rule's expression as the tests make it up, and its text.
using System.Globalization;

namespace ServerlessEventing.Local.ServiceBus.Tests.Rules;

/// <summary>Written with as few brackets as the grammar needs, so that precedence is tested with it.</summary>
/// <param name="Binds">How tightly it holds together, from OR = 0 to what stands alone = 7.</param>
internal abstract record RuleTree(int Binds)
{
    private const int Comparison = 3;
    private const int Sum = 4;
    private const int Product = 5;
    private const int Signed = 6;
    private const int Primary = 7;

    public abstract string Text { get; }

    private string Inside(int level) => Binds < level ? $"({Text})" : Text;

    public sealed record Logic(string Word, RuleTree Left, RuleTree Right) : RuleTree(Word == "AND" ? 1 : 0)
    {
        public override string Text => $"{Left.Inside(Binds)} {Word} {Right.Inside(Binds + 1)}";
    }

    public sealed record Not(RuleTree Inner) : RuleTree(2)
    {
        public override string Text => $"not {Inner.Inside(2)}";
    }

    public sealed record Compare(string Sign, RuleTree Left, RuleTree Right) : RuleTree(Comparison)
    {
        public override string Text => $"{Left.Inside(Sum)}{Sign}{Right.Inside(Sum)}";
    }

    public sealed record In(RuleTree Left, RuleTree[] List, bool Negated) : RuleTree(Comparison)
    {
        public override string Text =>
            $"{Left.Inside(Sum)} {(Negated ? "NOT " : "")}In({string.Join(", ", List.Select(i => i.Inside(Sum)))})";
    }

    public sealed record Like(RuleTree Left, string Pattern, char? Escape, bool Negated) : RuleTree(Comparison)
    {
        public override string Text => $"{Left.Inside(Sum)} {(Negated ? "NOT " : "")}LIKE {Quoted(Pattern)}"
            + (Escape is { } c ? $" ESCAPE '{c}'" : "");
    }

    public sealed record IsNull(string Name, bool Negated) : RuleTree(Comparison)
    {
        public override string Text => $"[{Name}] IS {(Negated ? "NOT " : "")}NULL";
    }

    public sealed record Exists(string Name) : RuleTree(Comparison)
    {
        public override string Text => $"EXISTS (\"{Name}\")";
    }

    public sealed record Arithmetic(string Sign, RuleTree Left, RuleTree Right)
        : RuleTree(Sign is "+" or "-" ? Sum : Product)
    {
        public override string Text => $"{Left.Inside(Binds)} {Sign} {Right.Inside(Binds + 1)}";
    }

    public sealed record Negative(RuleTree Inner) : RuleTree(Signed)
    {
        public override string Text => $"-{Inner.Inside(Signed)}";
    }

    public sealed record Property(string Name) : RuleTree(Primary)
    {
        public override string Text => Name.Contains(' ') ? $"user.[{Name}]" : Name;
    }

    public sealed record Constant(object? Value) : RuleTree(Value is long and < 0 or double and < 0 ? Signed : Primary)
    {
        public override string Text => Value switch
        {
            null => "NULL",
            string text => Quoted(text),
            double number => number.ToString("0.0###", CultureInfo.InvariantCulture),
            _ => Convert.ToString(Value, CultureInfo.InvariantCulture)!,
        };
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
