// The fieldSelector parameter: `metadata.name=x,involvedObject.kind!=Pod`.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Kubernetes.Objects;

/// <summary>Parsed field requirements, all of which must hold.</summary>
public sealed class FieldSelector
{
    public static readonly FieldSelector Everything = new([]);

    private readonly List<Requirement> requirements;

    private FieldSelector(List<Requirement> requirements) => this.requirements = requirements;

    /// <summary>Whether names and namespaces alone decide, so that no object need be parsed.</summary>
    public bool OnlyMetadata => requirements.TrueForAll(one => one.Path is "metadata.name" or "metadata.namespace");

    /// <summary>A kind with fields of its own to ask for, or a custom one, tells a wrong one in other words.</summary>
    public static Result<FieldSelector> Parse(string text, IReadOnlySet<string> supported, bool isCustom)
    {
        var requirements = new List<Requirement>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                return ApiStatus.BadRequest($"invalid selector: '{text}'; can't understand '{part}'");
            }

            var negated = part[at - 1] == '!';
            var path = part[..(negated ? at - 1 : at)].Trim();
            if (path is not ("metadata.name" or "metadata.namespace") && !supported.Contains(path))
            {
                return ApiStatus.BadRequest(isCustom || supported.Count > 0
                    ? $"field label not supported: {path}"
                    : $"\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
            }

            requirements.Add(new Requirement(path, part[(at + 1)..].TrimStart('=').Trim(), negated));
        }

        return requirements.Count == 0 ? Everything : new FieldSelector(requirements);
    }

    /// <summary>Tells the object's fields to the selector; the body is asked for only when it is needed.</summary>
    public bool Matches(string @namespace, string name, Func<JsonObject> body)
    {
        JsonObject? parsed = null;
        foreach (var one in requirements)
        {
            var actual = one.Path switch
            {
                "metadata.name" => name,
                "metadata.namespace" => @namespace,
                _ => Value(parsed ??= body(), one.Path),
            };
            if (string.Equals(actual, one.Value, StringComparison.Ordinal) == one.Negated)
            {
                return false;
            }
        }

        return true;
    }

    private static string Value(JsonObject body, string path) => body.At(path.Split('.')) switch
    {
        JsonValue value => value.AsText() ?? value.ToJsonString(),
        _ => "",
    };

    private sealed record Requirement(string Path, string Value, bool Negated);
}
