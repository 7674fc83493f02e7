// Reads the objects of a YAML stream, as JSON, by kind and name.
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ServerlessEventing.Infra.Tests;

internal static class KubernetesObjects
{
    /// <summary>Each object under <c>Kind/name</c>.</summary>
    public static Dictionary<string, JsonObject> Read(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return stream.Documents
            .Select(document => ToJson(document.RootNode) as JsonObject)
            .OfType<JsonObject>()
            .ToDictionary(item => $"{item["kind"]}/{item["metadata"]!["name"]}");
    }

    /// <summary>The one pod template of a workload.</summary>
    public static JsonObject PodOf(JsonObject workload) => workload["spec"]!["template"]!["spec"]!.AsObject();

    public static IEnumerable<JsonObject> ContainersOf(JsonObject workload) =>
        PodOf(workload)["containers"]!.AsArray().Select(container => container!.AsObject());

    /// <summary>The value of an environment variable, or null; references read as their text.</summary>
    public static string? Env(JsonObject container, string name) => container["env"]!.AsArray()
        .Where(item => (string?)item!["name"] == name)
        .Select(item => (item!["value"] ?? item["valueFrom"])!.ToString())
        .SingleOrDefault();

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair =>
            KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, ToJson(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Plain(plain.Value!),
        YamlScalarNode text => JsonValue.Create(text.Value),
        _ => null,
    };

    private static JsonNode? Plain(string text) =>
        text is "null" or "~" or "" ? null
        : bool.TryParse(text, out var truth) ? JsonValue.Create(truth)
        : long.TryParse(text, out var number) ? JsonValue.Create(number)
        : JsonValue.Create(text);
}
