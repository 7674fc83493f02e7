// Where filters come from: a Trigger's manifest, a file of filters, or JSON handed over.
using System.Text.Json.Nodes;
using ServerlessEventing.Cli.Manifests;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Cli.Filters;

/// <summary>Reads filters by the very rules the operator reads a Trigger by.</summary>
internal static class FilterSource
{
    /// <summary>The filters of the one Trigger in a manifest file.</summary>
    public static TriggerFilters OfTrigger(string file)
    {
        var triggers = ManifestReader.Read(file).Where(manifest => manifest.Kind == "Trigger").ToList();
        return triggers switch
        {
            [var only] => FilterReader.Read(only.Content["spec"]),
            [] => throw new CommandException($"{file}: there is no Trigger in it"),
            _ => throw new CommandException($"{file}: there are {triggers.Count} Triggers in it "
                + $"({string.Join(", ", triggers.Select(trigger => trigger.Name))}); keep one"),
        };
    }

    /// <summary>The filters of a file: a list of them, one of them, or an object with "filters" or "filter".</summary>
    public static TriggerFilters OfFile(string file) => ManifestReader.ReadDocuments(file) switch
    {
        [var only] => Of(only.Content) ?? throw new CommandException(
            $"{file}:{only.Line}: expected a list of filters, one filter, or an object with \"filters\""),
        _ => throw new CommandException($"{file}: expected one YAML or JSON document"),
    };

    /// <summary>The filters in JSON; null when it is neither list nor object.</summary>
    public static TriggerFilters? Of(JsonNode? content) => content switch
    {
        JsonArray list => FilterReader.Read(new JsonObject { ["filters"] = list.DeepClone() }),
        JsonObject spec when spec.ContainsKey("filters") || spec.ContainsKey("filter") => FilterReader.Read(spec),
        JsonObject one => FilterReader.Read(new JsonObject { ["filters"] = new JsonArray(one.DeepClone()) }),
        _ => null,
    };

    /// <summary>The filters that a CloudEvents SQL expression makes.</summary>
    public static IReadOnlyList<FilterExpression> OfExpression(string expression) =>
        [new FilterExpression { CeSql = expression }];
}
