// YAML manifests to JSON, as kubectl does it.
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>Reads manifests; plain scalars become numbers and booleans as in YAML's core schema.</summary>
internal static class Manifests
{
    public static IEnumerable<JsonObject> Parse(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return stream.Documents.Select(document => Convert(document.RootNode)).OfType<JsonObject>();
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(
            pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode list => new JsonArray(list.Children.Select(Convert).ToArray()),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Plain(plain.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => null,
    };

    private static JsonNode? Plain(string text)
    {
        if (text is "" or "~" or "null")
        {
            return null;
        }

        return text is "true" or "false" || (text.All(c => char.IsAsciiDigit(c) || c is '-' or '.')
            && double.TryParse(text, out _))
            ? JsonNode.Parse(text)
            : JsonValue.Create(text);
    }
}
