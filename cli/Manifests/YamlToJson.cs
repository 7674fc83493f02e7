// Turns one YAML document into JSON by YAML's core schema, with a limit on what aliases may blow up to.
using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ServerlessEventing.Cli.Manifests;

/// <summary>Converts nodes; aliases are expanded, and counted.</summary>
internal sealed class YamlToJson(string file)
{
    private const int MaxNodes = 100_000;
    private const int MaxDepth = 64;

    private int nodes;

    public JsonNode? Convert(YamlNode node) => Convert(node, 0);

    private JsonNode? Convert(YamlNode node, int depth)
    {
        if (++nodes > MaxNodes || depth > MaxDepth)
        {
            throw new CommandException(
                $"{file}:{node.Start.Line}: more than {MaxNodes} nodes or {MaxDepth} levels once aliases are expanded");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                var result = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    result[(key as YamlScalarNode)?.Value ?? ""] = Convert(value, depth + 1);
                }

                return result;
            case YamlSequenceNode sequence:
                var array = new JsonArray();
                foreach (var item in sequence.Children)
                {
                    array.Add(Convert(item, depth + 1));
                }

                return array;
            default:
                return Scalar((YamlScalarNode)node);
        }
    }

    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style is not ScalarStyle.Plain)
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) =>
                JsonValue.Create(whole),
            _ when LooksLikeNumber(text)
                && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) =>
                JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }

    private static bool LooksLikeNumber(string text) => char.IsAsciiDigit(text[0]) || text[0] is '-' or '+' or '.';
}
