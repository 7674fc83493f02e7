// A small Boolean algebra over event attributes, and how it reads in Service Bus SQL.
using ServerlessEventing.Contract.Names;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>What a rule asks of an event; simplified as it is built.</summary>
internal abstract record Predicate
{
    public static readonly Predicate True = new Constant(true);
    public static readonly Predicate False = new Constant(false);

    public static Predicate All(IEnumerable<Predicate> terms)
    {
        var flat = terms.SelectMany(term => term is And and ? and.Terms : [term])
            .Where(term => term != True)
            .Distinct()
            .ToList();
        return flat.Contains(False) ? False
            : flat.Count == 0 ? True
            : flat.Count == 1 ? flat[0]
            : new And(flat);
    }

    public static Predicate Any(IEnumerable<Predicate> terms)
    {
        var flat = terms.SelectMany(term => term is Or or ? or.Terms : [term])
            .Where(term => term != False)
            .Distinct()
            .ToList();
        return flat.Contains(True) ? True
            : flat.Count == 0 ? False
            : flat.Count == 1 ? flat[0]
            : new Or(flat);
    }

    public static Predicate Negate(Predicate term) => term switch
    {
        Constant constant => constant.Value ? False : True,
        Not not => not.Term,
        _ => new Not(term),
    };

    public abstract string ToSql();

    private static string Name(string attribute) =>
        attribute == "datacontenttype" ? "sys.ContentType" : MessageProperties.AttributePrefix + attribute;

    private static string Text(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    internal sealed record Constant(bool Value) : Predicate
    {
        public override string ToSql() => Value ? "1=1" : "1=0";
    }

    internal sealed record Equal(string Attribute, string Value) : Predicate
    {
        public override string ToSql() => $"{Name(Attribute)} = {Text(Value)}";
    }

    internal sealed record Like(string Attribute, string Pattern) : Predicate
    {
        public override string ToSql() => $"{Name(Attribute)} LIKE {Text(Pattern)}";
    }

    internal sealed record Exists(string Attribute) : Predicate
    {
        public override string ToSql() => $"EXISTS({Name(Attribute)})";
    }

    internal sealed record Not(Predicate Term) : Predicate
    {
        public override string ToSql() => $"NOT ({Term.ToSql()})";
    }

    internal sealed record And(IReadOnlyList<Predicate> Terms) : Predicate
    {
        public override string ToSql() =>
            string.Join(" AND ", Terms.Select(term => term is Or { IsIn: false } ? $"({term.ToSql()})" : term.ToSql()));

        public bool Equals(And? other) => other is not null && Terms.SequenceEqual(other.Terms);

        public override int GetHashCode() => Terms.Count == 0 ? 0 : Terms[0].GetHashCode();
    }

    internal sealed record Or(IReadOnlyList<Predicate> Terms) : Predicate
    {
        /// <summary>Equalities of one attribute only: written as IN.</summary>
        public bool IsIn => Terms.All(term => term is Equal equal && equal.Attribute == ((Equal)Terms[0]).Attribute);

        private IEnumerable<string> Values => Terms.OfType<Equal>().Select(term => Text(term.Value));

        public override string ToSql() => IsIn
            ? $"{Name(((Equal)Terms[0]).Attribute)} IN ({string.Join(", ", Values)})"
            : string.Join(" OR ", Terms.Select(term => term is And ? $"({term.ToSql()})" : term.ToSql()));

        public bool Equals(Or? other) => other is not null && Terms.SequenceEqual(other.Terms);

        public override int GetHashCode() => Terms.Count == 0 ? 0 : Terms[0].GetHashCode();
    }
}
