// Turns filters as users write them into filters ready to run: one exhaustive switch.
using System.Buffers;
using ServerlessEventing.Contract.Filters.Cesql;

namespace ServerlessEventing.Contract.Filters;

/// <summary>
/// Compiles filters by the rules of Knative's <c>pkg/eventfilter/subscriptionsapi</c>. A filter that asks nothing
/// (<c>{}</c>, an empty map or list, <c>not</c> of such a one) is left out, and so neither passes nor fails for its
/// parent; if nothing is left, every event passes.
/// </summary>
public static class FilterCompiler
{
    private const int MaxDepth = 32;

    private static readonly SearchValues<char> AttributeNameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    /// <summary>Compiles filters that must all pass.</summary>
    public static FilterCompilation Compile(IReadOnlyList<FilterExpression> filters)
    {
        string? error = null;
        var children = BuildEach(filters, "filters", 0, ref error);
        return error is not null ? FilterCompilation.Failed(error)
            : children.Length == 0 ? FilterCompilation.Of(CompiledFilter.PassesEverything)
            : FilterCompilation.Of(children is [var only] ? only : new AllFilter(children));
    }

    /// <summary>Compiles one filter.</summary>
    public static FilterCompilation Compile(FilterExpression filter) => Compile([filter]);

    // Null means the filter asks nothing. The first fault found stays in error.
    private static CompiledFilter? Build(FilterExpression expression, string path, int depth, ref string? error)
    {
        if (depth > MaxDepth)
        {
            error ??= $"{path}: filters are nested deeper than {MaxDepth} levels; flatten them.";
            return null;
        }

        if (DialectsOf(expression) > 1)
        {
            error ??= $"{path}: a filter uses exactly one dialect; put several under \"all\".";
            return null;
        }

        return expression switch
        {
            { Attributes: { } map } =>
                Pairs(map, $"{path}.attributes", true, ref error) is { Length: > 0 } p ? new AttributesFilter(p) : null,
            { Exact: { } map } =>
                Pairs(map, $"{path}.exact", false, ref error) is { Length: > 0 } p ? new ExactFilter(p) : null,
            { Prefix: { } map } =>
                Pairs(map, $"{path}.prefix", false, ref error) is { Length: > 0 } p ? new PrefixFilter(p) : null,
            { Suffix: { } map } =>
                Pairs(map, $"{path}.suffix", false, ref error) is { Length: > 0 } p ? new SuffixFilter(p) : null,
            { All: { } list } =>
                BuildEach(list, $"{path}.all", depth, ref error) is { Length: > 0 } f ? new AllFilter(f) : null,
            { Any: { } list } =>
                BuildEach(list, $"{path}.any", depth, ref error) is { Length: > 0 } f ? new AnyFilter(f) : null,
            { Not: { } inner } =>
                Build(inner, $"{path}.not", depth + 1, ref error) is { } f ? new NotFilter(f) : null,
            { CeSql: { Length: > 0 } text } => CeSql(text, $"{path}.cesql", ref error),
            _ => null,
        };
    }

    private static CompiledFilter[] BuildEach(
        IReadOnlyList<FilterExpression> list, string path, int depth, ref string? error)
    {
        var children = new List<CompiledFilter>(list.Count);
        for (var i = 0; i < list.Count; i++)
        {
            if (Build(list[i], $"{path}[{i}]", depth + 1, ref error) is { } child)
            {
                children.Add(child);
            }
        }

        return [.. children];
    }

    private static AttributeText[] Pairs(
        IReadOnlyDictionary<string, string> map, string path, bool emptyMeansPresent, ref string? error)
    {
        var pairs = new AttributeText[map.Count];
        var i = 0;
        foreach (var (name, text) in map)
        {
            if (!IsAttributeName(name))
            {
                error ??= $"{path}: \"{name}\" is not an attribute name; use lower-case letters and digits.";
            }
            else if (text is null || (text.Length == 0 && !emptyMeansPresent))
            {
                error ??= $"{path}.{name}: the text to compare with is empty; give one or leave the attribute out.";
            }

            pairs[i++] = new AttributeText(name, text ?? "");
        }

        return pairs;
    }

    private static CeSqlFilter? CeSql(string text, string path, ref string? error)
    {
        var parsing = CeSqlExpression.Parse(text);
        if (parsing.Succeeded)
        {
            return new CeSqlFilter(parsing.Expression);
        }

        error ??= $"{path}: {parsing.Error}";
        return null;
    }

    private static int DialectsOf(FilterExpression e) =>
        (e.Attributes is null ? 0 : 1) + (e.Exact is null ? 0 : 1) + (e.Prefix is null ? 0 : 1)
        + (e.Suffix is null ? 0 : 1) + (e.All is null ? 0 : 1) + (e.Any is null ? 0 : 1)
        + (e.Not is null ? 0 : 1) + (e.CeSql is null ? 0 : 1);

    private static bool IsAttributeName(string name) =>
        name.Length > 0 && name.AsSpan().IndexOfAnyExcept(AttributeNameCharacters) < 0;
}
