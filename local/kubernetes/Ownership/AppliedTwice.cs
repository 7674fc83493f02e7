// Finds what server-side apply refuses before it merges: an item of a keyed list or a set that is wanted twice.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Ownership;

/// <summary>Merging would keep one of the two without a word.</summary>
public static class AppliedTwice
{
    /// <summary>The first list with such an item and its key, in a real server's words; null for none.</summary>
    public static string? Find(JsonNode? wanted, Schema schema) => Find(wanted, schema, []);

    private static string? Find(JsonNode? node, Schema schema, IReadOnlyList<string> path)
    {
        if (node is JsonObject value)
        {
            return value.Select(pair => Find(pair.Value, schema.Field(pair.Key) ?? Schema.Anything,
                [.. path, $"f:{pair.Key}"])).FirstOrDefault(found => found is not null);
        }

        if (node is not JsonArray list || schema.ListKind == ListKind.Atomic)
        {
            return null;
        }

        var edges = list.Select(item => FieldPaths.ListEdge(item, schema)).ToList();
        return edges.OfType<string>().GroupBy(edge => edge).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? $"{FieldPaths.Shown(path)}: duplicate entries for key {FieldPaths.Shown([twice.Key])}"
            : list.Zip(edges, (item, edge) => edge is null
                    ? null
                    : Find(item, schema.Items ?? Schema.Anything, [.. path, edge]))
                .FirstOrDefault(found => found is not null);
    }
}
