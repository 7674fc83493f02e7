// JSON Patch (RFC 6902).
using System.Globalization;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Patches;

/// <summary>Applies operations in order; the first that cannot be applied says why.</summary>
public static class JsonPatch
{
    private const int MostOperations = 10_000;

    /// <summary>Why an operation could not be applied, or null. The target is then half-changed: discard it.</summary>
    public static string? Apply(JsonObject target, JsonArray operations)
    {
        if (operations.Count > MostOperations)
        {
            return $"the allowed maximum operations in a JSON patch is {MostOperations}, got {operations.Count}";
        }

        foreach (var node in operations)
        {
            if (node is not JsonObject operation)
            {
                return "each operation must be an object";
            }

            if (ApplyOne(target, operation) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    private static string? ApplyOne(JsonObject target, JsonObject operation)
    {
        var op = operation.Text("op");
        var path = operation.Text("path");
        switch (op)
        {
            case "add":
            case "replace":
                return !operation.ContainsKey("value")
                    ? $"{op} operation needs a value: {path}"
                    : Set(target, path, operation["value"]?.DeepClone(), mustExist: op == "replace");
            case "remove":
                return Remove(target, path, out _);
            case "test":
                return Find(target, path, out var actual) && JsonNode.DeepEquals(actual, operation["value"])
                    ? null
                    : $"testing value {path} failed";
            case "copy":
                return Find(target, operation.Text("from"), out var copied)
                    ? Set(target, path, copied?.DeepClone(), mustExist: false)
                    : Missing("copy", operation.Text("from"));
            case "move":
                return Remove(target, operation.Text("from"), out var moved)
                    ?? Set(target, path, moved, mustExist: false);
            default:
                return $"unexpected kind: {op}";
        }
    }

    private static string Missing(string op, string path) =>
        $"{op} operation does not apply: doc is missing path: {path}: missing value";

    private static string[] Segments(string path) =>
        [.. path.Split('/').Skip(1).Select(part => part.Replace("~1", "/").Replace("~0", "~"))];

    private static bool Find(JsonNode root, string path, out JsonNode? found)
    {
        found = root;
        foreach (var segment in Segments(path))
        {
            if (found is JsonObject value && value.TryGetPropertyValue(segment, out var child))
            {
                found = child;
            }
            else if (found is JsonArray list && Index(segment, list.Count - 1) is { } at)
            {
                found = list[at];
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    private static string? Set(JsonObject root, string path, JsonNode? value, bool mustExist)
    {
        var segments = Segments(path);
        var op = mustExist ? "replace" : "add";
        if (segments.Length == 0 || !Find(root, Parent(path), out var parent))
        {
            return Missing(op, path);
        }

        var last = segments[^1];
        if (parent is JsonObject holder)
        {
            if (mustExist && !holder.ContainsKey(last))
            {
                return Missing(op, path);
            }

            holder[last] = value;
            return null;
        }

        if (parent is not JsonArray list)
        {
            return Missing(op, path);
        }

        if (!mustExist && last == "-")
        {
            list.Add(value);
            return null;
        }

        if (Index(last, mustExist ? list.Count - 1 : list.Count) is not { } at)
        {
            return $"{op} operation does not apply: doc is missing path: {path}: invalid index";
        }

        if (mustExist)
        {
            list[at] = value;
        }
        else
        {
            list.Insert(at, value);
        }

        return null;
    }

    private static string? Remove(JsonObject root, string path, out JsonNode? removed)
    {
        removed = null;
        var segments = Segments(path);
        if (segments.Length == 0 || !Find(root, path, out removed) || !Find(root, Parent(path), out var parent))
        {
            return Missing("remove", path);
        }

        if (parent is JsonObject holder)
        {
            holder.Remove(segments[^1]);
        }
        else if (parent is JsonArray list)
        {
            list.RemoveAt(Index(segments[^1], list.Count - 1)!.Value);
        }

        return null;
    }

    private static string Parent(string path) => path[..path.LastIndexOf('/')];

    private static int? Index(string text, int highest) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at <= highest ? at : null;
}
