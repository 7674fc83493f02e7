// Compiles a Trigger's filters into the one rule of its bus subscription: never narrower than the filters.
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Names;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>Filters in, one rule out.</summary>
/// <remarks>
/// The function checks the filter again before it delivers, so a rule may let too much in and must never keep a
/// matching event out. Each filter f is translated twice, for even and odd numbers of negations around it:
/// <code>
///   Upper(f): f true  ⇒ TRUE          Lower(f): f false ⇒ FALSE, never "unknown"
///   Upper(not f) = NOT Lower(f)       Lower(not f) = NOT Upper(f)
/// </code>
/// Upper of all filters together is the rule. Prefix and suffix go through LIKE, whose case rule is undocumented and
/// whose wildcards are widened away, so below a negation they are FALSE (that is: not pushed). Text over the bus's
/// 1,024 characters loses conjuncts, in the end all of them.
/// </remarks>
public static class RuleCompiler
{
    /// <summary>The longest filter text Service Bus takes.</summary>
    public const int MaxSql = 1024;

    private const string ContentTypeAttribute = "datacontenttype";

    // Attributes whose stored form may differ from what a filter compares with: `time` is rewritten in canonical
    // form on the way in, and the old names are not stored at all. They are left to the function.
    private static readonly string[] NotPushed =
        ["time", "data", "datamediatype", "datacontentencoding", "schemaurl"];

    /// <summary>The rule for filters that must all pass.</summary>
    public static BusRule Compile(IReadOnlyList<FilterExpression> filters)
    {
        var rule = Predicate.All(filters.Select(Upper));
        if (rule is Predicate.Constant { Value: true })
        {
            return BusRule.Everything;
        }

        return Correlation(rule) ?? Sql(rule);
    }

    private static Predicate Upper(FilterExpression filter)
    {
        if (PassesEverything(filter))
        {
            return Predicate.True;
        }

        return filter switch
        {
            { Attributes: { } map } => Predicate.All(map.Select(pair => pair.Value.Length == 0
                ? Exists(pair.Key)
                : Equal(pair.Key, pair.Value))),
            { Exact: { } map } => Predicate.All(map.Select(pair => Equal(pair.Key, pair.Value))),
            { Prefix: { } map } => Predicate.All(map.Select(pair => Like(pair.Key, Widen(pair.Value) + "%"))),
            { Suffix: { } map } => Predicate.All(map.Select(pair => Like(pair.Key, "%" + Widen(pair.Value)))),
            { All: { } children } => Predicate.All(children.Where(IsFilter).Select(Upper)),
            { Any: { } children } => Predicate.Any(children.Where(IsFilter).Select(Upper)),
            { Not: { } inner } => Predicate.Negate(Lower(inner)),
            { CeSql: { } expression } => CeSqlRule.Upper(expression),
            _ => Predicate.True,
        };
    }

    private static Predicate Lower(FilterExpression filter) => filter switch
    {
        { Exact: { } map } => Predicate.All(map.Select(pair => LowerEqual(pair.Key, pair.Value))),
        { All: { } children } => Predicate.All(children.Where(IsFilter).Select(Lower)),
        { Any: { } children } => Predicate.Any(children.Where(IsFilter).Select(Lower)),
        { Not: { } inner } => Predicate.Negate(Upper(inner)),
        _ => Predicate.False,
    };

    private static bool IsFilter(FilterExpression filter) => !PassesEverything(filter);

    // A filter with nothing in it is "no filter": it passes, and so does its negation.
    private static bool PassesEverything(FilterExpression filter) => filter switch
    {
        { Attributes: { } map } => map.Count == 0,
        { Exact: { } map } => map.Count == 0,
        { Prefix: { } map } => map.Count == 0,
        { Suffix: { } map } => map.Count == 0,
        { All: { } children } => children.All(PassesEverything),
        { Any: { } children } => children.All(PassesEverything),
        { Not: { } inner } => PassesEverything(inner),
        _ => string.IsNullOrEmpty(filter.CeSql),
    };

    internal static Predicate Equal(string attribute, string value) =>
        NotPushed.Contains(attribute) ? Predicate.True : new Predicate.Equal(attribute, value);

    // `sys.` properties have no EXISTS, and one that is missing is an error: so the content type is not negated.
    internal static Predicate LowerEqual(string attribute, string value) =>
        NotPushed.Contains(attribute) || attribute == ContentTypeAttribute
            ? Predicate.False
            : Predicate.All([new Predicate.Exists(attribute), new Predicate.Equal(attribute, value)]);

    internal static Predicate Exists(string attribute) =>
        NotPushed.Contains(attribute) || attribute == ContentTypeAttribute
            || attribute is "id" or "source" or "specversion" or "type"
            ? Predicate.True
            : new Predicate.Exists(attribute);

    internal static Predicate LowerExists(string attribute) =>
        Exists(attribute) is Predicate.Exists exists ? exists : Predicate.False;

    internal static Predicate Like(string attribute, string pattern) =>
        NotPushed.Contains(attribute) || attribute == ContentTypeAttribute
            ? Predicate.True
            : new Predicate.Like(attribute, pattern);

    internal static string Widen(string value, char keep = '\0') => string.Concat(value.Select(letter =>
        letter is '%' or '[' or ']' or '^' or '\\' && letter != keep ? '_' : letter));

    private static BusRule? Correlation(Predicate rule)
    {
        IReadOnlyList<Predicate> terms = rule is Predicate.And and ? and.Terms : [rule];
        var equals = terms.OfType<Predicate.Equal>().Distinct().ToList();
        if (terms.Any(term => term is not Predicate.Equal)
            || equals.DistinctBy(term => term.Attribute).Count() != equals.Count)
        {
            return null;
        }

        return new BusRule
        {
            Equal = equals.Where(term => term.Attribute != ContentTypeAttribute)
                .Select(term => KeyValuePair.Create(MessageProperties.AttributePrefix + term.Attribute, term.Value))
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .ToList(),
            ContentType = equals.Find(term => term.Attribute == ContentTypeAttribute)?.Value,
        };
    }

    private static BusRule Sql(Predicate rule)
    {
        var terms = (rule is Predicate.And and ? and.Terms : [rule]).Where(term => !ReadsContentType(term)).ToList();
        while (terms.Count > 0)
        {
            var sql = Predicate.All(terms).ToSql();
            if (sql.Length <= MaxSql)
            {
                return new BusRule { Sql = sql };
            }

            // The longest conjunct goes first: what is left keeps out the most per character.
            terms.Remove(terms.MaxBy(term => term.ToSql().Length)!);
        }

        return BusRule.Everything;
    }

    // A message without content type would make `sys.ContentType = …` a filter error, not a mismatch.
    private static bool ReadsContentType(Predicate term) => term switch
    {
        Predicate.Equal equal => equal.Attribute == ContentTypeAttribute,
        Predicate.And and => and.Terms.Any(ReadsContentType),
        Predicate.Or or => or.Terms.Any(ReadsContentType),
        Predicate.Not not => ReadsContentType(not.Term),
        _ => false,
    };
}
