// Turns the filters of a Trigger, as written in its spec, into the contract's form, or says what is wrong.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Filters.Cesql;

namespace ServerlessEventing.Operator.Resources;

/// <summary>The filters of a Trigger: a list that must all pass, or what is wrong with them.</summary>
public sealed record TriggerFilters(IReadOnlyList<FilterExpression> Filters, string? Reason, string? Message)
{
    public bool IsValid => Reason is null;
}

/// <summary>
/// Reads <c>filters[]</c>, else <c>filter.attributes</c>, else v0.7's <c>filter.sourceAndType</c>.
/// </summary>
public static class FilterReader
{
    /// <summary>Reason of a filter that is malformed.</summary>
    public const string Invalid = "FilterInvalid";

    private const int MaxDepth = 32;
    private const int MaxNodes = 1000;

    private static readonly string[] Dialects = ["exact", "prefix", "suffix", "all", "any", "not", "cesql"];

    /// <summary>Reads the filters of a Trigger's spec.</summary>
    public static TriggerFilters Read(JsonNode? spec)
    {
        var budget = new Budget();
        try
        {
            var filters = spec.Items("filters").ToList();
            if (filters.Count > 0)
            {
                return new TriggerFilters(ReadList(filters, "spec.filters", 1, budget), null, null);
            }

            return new TriggerFilters(ReadOld(spec.Object("filter")), null, null);
        }
        catch (FilterProblem problem)
        {
            return new TriggerFilters([], problem.Reason, problem.Message);
        }
    }

    private static IReadOnlyList<FilterExpression> ReadOld(JsonObject? filter)
    {
        if (filter.Object("attributes") is { Count: > 0 })
        {
            var attributes = filter.Map("attributes");
            CheckNames(attributes, "spec.filter.attributes");
            return [new FilterExpression { Attributes = attributes }];
        }

        // In v0.7 "" stands for any, where filter.attributes' "" asks for the attribute to be there: leave those out.
        var both = filter.Map("sourceAndType").Where(pair => pair.Key is "type" or "source" && pair.Value.Length > 0)
            .ToDictionary(StringComparer.Ordinal);
        return both.Count == 0 ? [] : [new FilterExpression { Attributes = both }];
    }

    private static List<FilterExpression> ReadList(
        IEnumerable<JsonNode> items, string where, int depth, Budget budget)
    {
        var read = new List<FilterExpression>();
        foreach (var (index, item) in items.Index())
        {
            if (ReadOne(item, $"{where}[{index}]", depth, budget) is { } filter)
            {
                read.Add(filter);
            }
        }

        return read;
    }

    private static FilterExpression? ReadOne(JsonNode item, string where, int depth, Budget budget)
    {
        if (depth > MaxDepth || ++budget.Nodes > MaxNodes)
        {
            throw new FilterProblem(Invalid,
                $"{where}: at most {MaxDepth} levels and {MaxNodes} filters are allowed");
        }

        var set = Dialects.Where(dialect => item.At(dialect) is not null).ToList();
        if (set.Count == 0)
        {
            return null;
        }

        if (set.Count > 1)
        {
            throw new FilterProblem(Invalid,
                $"{where}: multiple dialects found ({string.Join(", ", set)}), a filter can have only one; "
                + "write them as separate entries of an 'all'");
        }

        return set[0] switch
        {
            "exact" => new FilterExpression { Exact = ReadMap(item, "exact", where) },
            "prefix" => new FilterExpression { Prefix = ReadMap(item, "prefix", where) },
            "suffix" => new FilterExpression { Suffix = ReadMap(item, "suffix", where) },
            // An empty list filters nothing, wherever it stands: it is left out, as Knative's "no filter" result.
            "all" => ReadList(item.Items("all"), $"{where}.all", depth + 1, budget) is { Count: > 0 } all
                ? new FilterExpression { All = all }
                : null,
            "any" => ReadList(item.Items("any"), $"{where}.any", depth + 1, budget) is { Count: > 0 } any
                ? new FilterExpression { Any = any }
                : null,
            "not" => ReadOne(item.At("not")!, $"{where}.not", depth + 1, budget) is { } inner
                ? new FilterExpression { Not = inner }
                : null,
            _ => ReadCeSql(item, where),
        };
    }

    // An empty expression filters nothing, as in Knative.
    private static FilterExpression? ReadCeSql(JsonNode item, string where)
    {
        if (item.Text("cesql") is not { } expression)
        {
            throw new FilterProblem(Invalid, $"{where}.cesql: a CloudEvents SQL expression is a text");
        }

        if (expression.Length == 0)
        {
            return null;
        }

        return CeSqlExpression.Parse(expression) is { Succeeded: false } parsing
            ? throw new FilterProblem(Invalid, $"{where}.cesql: {parsing.Error}")
            : new FilterExpression { CeSql = expression };
    }

    private static IReadOnlyDictionary<string, string> ReadMap(JsonNode item, string dialect, string where)
    {
        var map = item.Map(dialect);
        CheckNames(map, $"{where}.{dialect}");
        if (map.FirstOrDefault(pair => pair.Value.Length == 0).Key is { } empty)
        {
            throw new FilterProblem(Invalid, $"{where}.{dialect}.{empty}: the value must not be empty");
        }

        return map;
    }

    private static void CheckNames(IReadOnlyDictionary<string, string> map, string where)
    {
        var wrong = map.Keys.FirstOrDefault(name => !IsAttributeName(name));
        if (wrong is not null)
        {
            throw new FilterProblem(Invalid,
                $"{where}: '{wrong}' is not an attribute name; "
                + "it must start with a letter a-z and contain only a-z and 0-9");
        }
    }

    private static bool IsAttributeName(string name) =>
        name.Length > 0 && char.IsAsciiLetterLower(name[0])
        && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter));

    private sealed class Budget
    {
        public int Nodes { get; set; }
    }

    // Leaves a recursive read at once; caught in Read and never seen outside.
    private sealed class FilterProblem(string reason, string message) : Exception(message)
    {
        public string Reason { get; } = reason;
    }
}
