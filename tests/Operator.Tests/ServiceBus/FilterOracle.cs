// Evaluates filters the way Knative does, written apart from the product as the tests' own opinion.
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Filters.Cesql;

namespace ServerlessEventing.Operator.Tests.ServiceBus;

/// <summary>Pass, fail, or "no filter" (which delivers, negated or not).</summary>
internal static class FilterOracle
{
    public static bool Delivers(
        IReadOnlyList<FilterExpression> filters, IReadOnlyDictionary<string, string> attributes) =>
        filters.All(filter => Evaluate(filter, attributes) != false);

    private static bool? Evaluate(FilterExpression filter, IReadOnlyDictionary<string, string> attributes)
    {
        bool? Map(IReadOnlyDictionary<string, string> map, Func<string, string, bool> matches) => map.Count == 0
            ? null
            : map.All(pair => attributes.TryGetValue(pair.Key, out var value) && matches(value, pair.Value));

        return filter switch
        {
            { Attributes: { } map } => Map(
                map, (value, wanted) => wanted.Length == 0 ? value.Length > 0 : value == wanted),
            { Exact: { } map } => Map(map, (value, wanted) => value == wanted),
            { Prefix: { } map } => Map(map, (value, wanted) => value.StartsWith(wanted, StringComparison.Ordinal)),
            { Suffix: { } map } => Map(map, (value, wanted) => value.EndsWith(wanted, StringComparison.Ordinal)),
            { All: { } children } => Combine(children, attributes, all: true),
            { Any: { } children } => Combine(children, attributes, all: false),
            { Not: { } inner } => !Evaluate(inner, attributes),
            { CeSql: { } expression } => CeSqlExpression.Parse(expression).Expression!.Passes(
                new AttributeDictionary(attributes.ToDictionary(pair => pair.Key, pair => (string?)pair.Value))),
            _ => null,
        };
    }

    private static bool? Combine(
        IReadOnlyList<FilterExpression> children, IReadOnlyDictionary<string, string> attributes, bool all)
    {
        var results = children.Select(child => Evaluate(child, attributes)).OfType<bool>().ToList();
        return results.Count == 0 ? null : all ? results.All(result => result) : results.Any(result => result);
    }
}
