// Puts a sink into the containers of a pod template, and takes it out again.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>
/// Knative's runtime contract of sources: <c>K_SINK</c>, <c>K_CE_OVERRIDES</c> (empty where there are none) and, where
/// the sink has CA certificates, <c>K_CA_CERTS</c>, at the end of the environment of every container.
/// </summary>
internal static class SinkInjection
{
    private static readonly string[] Names = ["K_SINK", "K_CE_OVERRIDES", "K_CA_CERTS"];

    /// <summary>
    /// The container lists of <paramref name="podSpec"/> with the sink in them, or without any when it is null.
    /// </summary>
    public static JsonObject Apply(JsonNode? podSpec, Destination? sink, IReadOnlyDictionary<string, string> overrides)
    {
        var changed = new JsonObject();
        foreach (var list in new[] { "containers", "initContainers" })
        {
            if (podSpec.At(list) is JsonArray containers)
            {
                changed[list] = new JsonArray([.. containers.OfType<JsonObject>()
                    .Select(container => Container(container, sink, overrides))]);
            }
        }

        return changed;
    }

    /// <summary>Whether something has containers that can be given a sink.</summary>
    public static bool IsPodSpecable(Resource resource) =>
        PodSpec(resource).At("containers") is JsonArray { Count: > 0 };

    /// <summary>The spec of the Pods it makes; a CronJob's is that of its Jobs.</summary>
    public static JsonNode? PodSpec(Resource resource) =>
        resource.Spec.At([.. TemplatePath(resource), "spec"]);

    /// <summary>A patch of that spec.</summary>
    public static JsonObject PatchOf(Resource resource, JsonObject podSpec)
    {
        var patch = new JsonObject { ["spec"] = podSpec };
        foreach (var member in TemplatePath(resource).Reverse())
        {
            patch = new JsonObject { [member] = patch };
        }

        return patch;
    }

    private static string[] TemplatePath(Resource resource) =>
        resource.Spec.At("jobTemplate") is JsonObject ? ["jobTemplate", "spec", "template"] : ["template"];

    private static JsonNode Container(
        JsonObject container, Destination? sink, IReadOnlyDictionary<string, string> overrides)
    {
        var copy = (JsonObject)container.DeepClone();
        var kept = copy.Items("env").Where(item => !Names.Contains(item.Text("name")))
            .Select(item => item.DeepClone()).ToList();
        if (sink is not null)
        {
            kept.Add(Variable(Names[0], sink.Uri));
            kept.Add(Variable(Names[1], Overrides(overrides)));
            if (sink.CaCerts is { } certificates)
            {
                kept.Add(Variable(Names[2], certificates));
            }
        }

        if (kept.Count > 0)
        {
            copy["env"] = new JsonArray([.. kept]);
        }
        else
        {
            copy.Remove("env");
        }

        return copy;
    }

    private static JsonObject Variable(string name, string value) => new() { ["name"] = name, ["value"] = value };

    private static string Overrides(IReadOnlyDictionary<string, string> overrides)
    {
        if (overrides.Count == 0)
        {
            return "";
        }

        var extensions = new JsonObject();
        foreach (var (name, value) in overrides.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            extensions[name] = value;
        }

        return new JsonObject { ["extensions"] = extensions }.ToJsonString();
    }
}
