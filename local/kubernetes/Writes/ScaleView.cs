// The scale subresource: an autoscaling/v1 Scale over an object's replica fields.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>Reads a Scale from an object and writes one back.</summary>
public static class ScaleView
{
    public static JsonObject Of(ResourceType type, JsonObject body)
    {
        var metadata = new JsonObject();
        foreach (var name in (string[])["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            if (body.Metadata[name] is { } value)
            {
                metadata[name] = value.DeepClone();
            }
        }

        var status = new JsonObject { ["replicas"] = At(body, type.Scale!.StatusReplicas).AsLong() ?? 0 };
        if (Selector(type, body) is { Length: > 0 } selector)
        {
            status["selector"] = selector;
        }

        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["replicas"] = At(body, type.Scale.SpecReplicas).AsLong() ?? 0 },
            ["status"] = status,
        };
    }

    /// <summary>Sets the replicas a Scale asks for; says why when it cannot.</summary>
    public static ApiStatus? Write(ResourceType type, JsonObject body, JsonObject scale)
    {
        if (scale.At("spec", "replicas").AsLong() is not { } replicas || replicas < 0)
        {
            var given = $"Invalid value: {scale.At("spec", "replicas")?.ToJsonString() ?? "null"}";
            return type.IsCustom
                ? type.Invalid(body.Name, new StatusCause("FieldValueInvalid",
                    $"{given}: should be a non-negative integer", type.Scale!.SpecReplicas))
                : ApiStatus.Invalid("autoscaling", "Scale", body.Name,
                    [new("FieldValueInvalid", $"{given}: must be greater than or equal to 0", "spec.replicas")]);
        }

        var names = Names(type.Scale!.SpecReplicas);
        var holder = body;
        foreach (var name in names[..^1])
        {
            holder = holder.Child(name);
        }

        holder[names[^1]] = replicas;
        return null;
    }

    private static string Selector(ResourceType type, JsonObject body)
    {
        if (type.IsCustom)
        {
            return type.Scale!.Selector.Length == 0 ? "" : At(body, type.Scale.Selector).AsText() ?? "";
        }

        var labels = body.At("spec", "selector", "matchLabels") as JsonObject ?? [];
        return string.Join(",", labels.Select(label => $"{label.Key}={label.Value.AsText()}"));
    }

    private static JsonNode? At(JsonObject body, string path) => body.At(Names(path));

    private static string[] Names(string path) => path.Split('.', StringSplitOptions.RemoveEmptyEntries);
}
