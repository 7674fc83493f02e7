// The JSONPath of printer columns: fields with escapes, indexes, [*] and [?(@.a=="b")] filters.
using System.Text;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Printing;

/// <summary>A parsed path; finds every value it leads to.</summary>
public sealed class JsonPath
{
    private readonly List<Func<JsonNode, IEnumerable<JsonNode?>>> steps = [];

    /// <summary>Reads a path; one that cannot be read finds nothing.</summary>
    public static JsonPath Parse(string path)
    {
        var parsed = new JsonPath();
        var text = path.Trim().TrimStart('{').TrimEnd('}');
        for (var at = 0; at < text.Length;)
        {
            at = text[at] switch
            {
                '.' => parsed.Field(text, at + 1),
                '[' => parsed.Bracket(text, at),
                _ => parsed.Field(text, at),
            };
        }

        return parsed;
    }

    public IEnumerable<JsonNode> Find(JsonNode root)
    {
        IEnumerable<JsonNode> found = [root];
        foreach (var step in steps)
        {
            found = found.SelectMany(node => step(node).OfType<JsonNode>());
        }

        return found;
    }

    public JsonNode? First(JsonNode root) => Find(root).FirstOrDefault();

    private int Field(string text, int at)
    {
        var name = new StringBuilder();
        while (at < text.Length && text[at] is not ('.' or '['))
        {
            at += text[at] == '\\' && at + 1 < text.Length ? 1 : 0;
            name.Append(text[at++]);
        }

        if (name.Length > 0)
        {
            Step(name.ToString());
        }

        return at;
    }

    private int Bracket(string text, int at)
    {
        var end = text.IndexOf(']', at);
        if (end < 0)
        {
            steps.Add(_ => []);
            return text.Length;
        }

        var inner = text[(at + 1)..end].Trim();
        if (inner == "*")
        {
            steps.Add(node => node switch
            {
                JsonArray list => list,
                JsonObject value => value.Select(pair => pair.Value),
                _ => [],
            });
        }
        else if (inner.StartsWith("?(", StringComparison.Ordinal))
        {
            Filter(inner[2..].TrimEnd(')'));
        }
        else if (int.TryParse(inner, out var index))
        {
            steps.Add(node => node is JsonArray list && At(list, index) is { } item ? [item] : []);
        }
        else
        {
            Step(inner.Trim('\'', '"'));
        }

        return end + 1;
    }

    private static JsonNode? At(JsonArray list, int index)
    {
        var at = index < 0 ? list.Count + index : index;
        return at >= 0 && at < list.Count ? list[at] : null;
    }

    private void Filter(string condition)
    {
        var differs = condition.Contains("!=", StringComparison.Ordinal);
        var parts = condition.Split(differs ? "!=" : "==", 2);
        var path = Parse(parts[0].Trim().TrimStart('@'));
        var wanted = parts.Length > 1 ? parts[1].Trim().Trim('\'', '"') : null;
        steps.Add(node => node is JsonArray list
            ? list.Where(item => item is not null && Holds(path.First(item), wanted) != differs)
            : []);
    }

    private static bool Holds(JsonNode? actual, string? wanted) =>
        actual is not null && (wanted is null || (actual.AsText() ?? actual.ToJsonString()) == wanted);

    private void Step(string name) =>
        steps.Add(node => node is JsonObject value && value[name] is { } child ? [child] : []);
}
