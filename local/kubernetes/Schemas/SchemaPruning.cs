// Drops the fields a schema does not know, and tells which they were.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Kubernetes.Schemas;

/// <summary>Pruning: what is not in the schema is not stored.</summary>
public static class SchemaPruning
{
    private static readonly HashSet<string> ObjectHead = ["apiVersion", "kind", "metadata"];

    /// <summary>Removes unknown fields from a whole object; returns their paths, sorted.</summary>
    public static IReadOnlyList<string> Prune(JsonObject body, Schema schema)
    {
        var unknown = new List<string>();
        PruneObject(body, schema, "", isObjectRoot: true, unknown);
        unknown.Sort(StringComparer.Ordinal);
        return unknown;
    }

    private static void PruneObject(
        JsonObject value, Schema schema, string path, bool isObjectRoot, List<string> unknown)
    {
        List<string>? dropped = null;
        foreach (var (name, child) in value)
        {
            if (isObjectRoot && ObjectHead.Contains(name))
            {
                continue;
            }

            var childPath = path.Length == 0 ? name : $"{path}.{name}";
            if (schema.Field(name) is { } field)
            {
                Visit(child, field, childPath, unknown);
            }
            else
            {
                (dropped ??= []).Add(name);
                unknown.Add(childPath);
            }
        }

        dropped?.ForEach(name => value.Remove(name));
    }

    private static void Visit(JsonNode? node, Schema schema, string path, List<string> unknown)
    {
        if (node is JsonObject value)
        {
            PruneObject(value, schema, path, schema.EmbeddedObject, unknown);
        }
        else if (node is JsonArray list && schema.Items is { } items)
        {
            for (var at = 0; at < list.Count; at++)
            {
                Visit(list[at], items, $"{path}[{at}]", unknown);
            }
        }
    }
}
