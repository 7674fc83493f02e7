// Says of each filter in a tree whether an event passes it, and why not.
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Filters.Cesql;

namespace ServerlessEventing.Cli.Filters;

/// <summary>One line: a filter, how deep it stands, whether the event passes it, and why not if known.</summary>
internal sealed record FilterLine(int Depth, string Filter, bool Passes, string? Reason);

/// <summary>Every verdict is the compiled filter's own; only the reasons are found here.</summary>
internal static class FilterExplanation
{
    public static IReadOnlyList<FilterLine> Explain(
        IReadOnlyList<FilterExpression> filters, AttributeDictionary attributes)
    {
        List<FilterLine> lines = [];
        foreach (var filter in filters)
        {
            Explain(filter, 0, attributes, lines);
        }

        return lines;
    }

    private static void Explain(
        FilterExpression filter, int depth, AttributeDictionary attributes, List<FilterLine> lines)
    {
        switch (filter)
        {
            case { All: { } children }:
                Group("all", children);
                break;
            case { Any: { } children }:
                Group("any", children);
                break;
            case { Not: { } inner }:
                Group("not", [inner]);
                break;
            case { CeSql: { } expression }:
                lines.Add(new(
                    depth, $"cesql {expression}", Passes(filter, attributes), Reason(expression, attributes)));
                break;
            case { Exact: { } map }:
                Pairs("exact", map, "=", one => new FilterExpression { Exact = one });
                break;
            case { Prefix: { } map }:
                Pairs("prefix", map, "starts with", one => new FilterExpression { Prefix = one });
                break;
            case { Suffix: { } map }:
                Pairs("suffix", map, "ends with", one => new FilterExpression { Suffix = one });
                break;
            case { Attributes: { } map }:
                Pairs("attributes", map, "=", one => new FilterExpression { Attributes = one });
                break;
        }

        void Group(string name, IReadOnlyList<FilterExpression> children)
        {
            lines.Add(new(depth, name, Passes(filter, attributes), null));
            foreach (var child in children)
            {
                Explain(child, depth + 1, attributes, lines);
            }
        }

        void Pairs(
            string dialect,
            IReadOnlyDictionary<string, string> map,
            string verb,
            Func<IReadOnlyDictionary<string, string>, FilterExpression> alone)
        {
            foreach (var (name, text) in map)
            {
                var passes = Passes(alone(new Dictionary<string, string> { [name] = text }), attributes);
                var asks = dialect == "attributes" && text.Length == 0
                    ? $"{dialect} {name} is there and not empty"
                    : $"{dialect} {name} {verb} \"{text}\"";
                lines.Add(new(depth, asks, passes, passes ? null
                    : attributes.TryGet(name, out var value) ? $"{name} is \"{value}\""
                    : $"the event has no attribute \"{name}\""));
            }
        }
    }

    private static string? Reason(string text, AttributeDictionary attributes)
    {
        var result = CeSqlExpression.Parse(text).Expression!.Evaluate(attributes);
        return result.Passes ? null
            : result.Error is { } error ? $"at character {error.Position}: {error.Message}"
            : result.Value.Type == CeSqlType.Boolean ? "it is false"
            : $"it is {(result.Value.Type == CeSqlType.String ? $"the text '{result.Value}'" : result.Value)}, "
                + "neither TRUE nor FALSE";
    }

    private static bool Passes(FilterExpression filter, AttributeDictionary attributes) =>
        FilterCompiler.Compile(filter) is { Succeeded: true } compilation && compilation.Filter.Passes(attributes);
}
