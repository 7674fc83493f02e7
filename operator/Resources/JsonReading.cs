// Reads paths of a JSON tree without ever throwing: what is missing or of another type is null or empty.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ServerlessEventing.Operator.Resources;

/// <summary>
/// Objects come from users and from other controllers; one odd field must not blind us to the rest. So reading is
/// by path and forgiving, and each reader decides what a missing value means.
/// </summary>
public static class JsonReading
{
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            node = (node as JsonObject)?[step];
        }

        return node;
    }

    public static JsonObject? Object(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) as JsonObject;

    public static IEnumerable<JsonNode> Items(this JsonNode? node, params ReadOnlySpan<string> path) =>
        (node.At(path) as JsonArray)?.OfType<JsonNode>() ?? [];

    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>Text that is there and not empty, or null.</summary>
    public static string? NonEmpty(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.Text(path) is { Length: > 0 } text ? text : null;

    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        if (node.At(path) is not JsonValue value)
        {
            return null;
        }

        return value.TryGetValue<long>(out var number) ? number
            : value.TryGetValue<int>(out var small) ? small
            : value.TryGetValue<JsonElement>(out var element) && element.ValueKind == JsonValueKind.Number
                && element.TryGetInt64(out number) ? number
            : null;
    }

    public static IReadOnlyDictionary<string, string> Map(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in node.Object(path) ?? [])
        {
            if (value.Text() is { } text)
            {
                map[name] = text;
            }
        }

        return map;
    }
}
