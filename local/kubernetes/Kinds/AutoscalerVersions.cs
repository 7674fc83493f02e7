// A HorizontalPodAutoscaler as autoscaling/v1 and as v2 write it.
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Kinds;

/// <summary>
/// v1 knows one metric, a CPU percentage. Any other of v2 shows in v1 as an annotation, so that a write in v1 keeps it.
/// </summary>
internal static class AutoscalerVersions
{
    public const string StorageName = "horizontalpodautoscalers.autoscaling";

    private const string Percentage = "targetCPUUtilizationPercentage";
    private const string OthersAnnotation = "autoscaling.alpha.kubernetes.io/metrics";

    public static void ToSecond(JsonObject body)
    {
        if (body["spec"] is not JsonObject spec)
        {
            return;
        }

        var metrics = new JsonArray();
        if (spec.Remove(Percentage, out var percentage) && percentage is not null)
        {
            metrics.Add((JsonNode)new JsonObject
            {
                ["type"] = "Resource",
                ["resource"] = new JsonObject
                {
                    ["name"] = "cpu",
                    ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = percentage },
                },
            });
        }

        foreach (var other in Others(body).OfType<JsonObject>())
        {
            metrics.Add((JsonNode)other.DeepClone());
        }

        if (metrics.Count > 0)
        {
            spec["metrics"] = metrics;
        }
    }

    public static void ToFirst(JsonObject body)
    {
        if (body["spec"] is not JsonObject spec || !spec.Remove("metrics", out var list) || list is not JsonArray all)
        {
            return;
        }

        var others = new JsonArray();
        foreach (var metric in all.OfType<JsonObject>())
        {
            var cpu = metric.At("resource", "target", "averageUtilization");
            if (cpu is not null && metric.At("resource", "name").AsText() == "cpu" && spec[Percentage] is null)
            {
                spec[Percentage] = cpu.DeepClone();
            }
            else
            {
                others.Add((JsonNode)metric.DeepClone());
            }
        }

        if (others.Count > 0)
        {
            body.Metadata.Child("annotations")[OthersAnnotation] = others.ToJsonString(ObjectFields.Compact);
        }
    }

    // What the annotation holds; it is ours to read and to take away.
    private static JsonArray Others(JsonObject body)
    {
        if (body.Metadata["annotations"] is not JsonObject annotations
            || !annotations.Remove(OthersAnnotation, out var text))
        {
            return [];
        }

        try
        {
            return JsonNode.Parse(text.AsText() ?? "[]") as JsonArray ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
