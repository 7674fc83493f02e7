// JSON as YAML that reads and compares well line by line.
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ServerlessEventing.Operator.Tests.Golden;

/// <summary>Block style, one value a line, fields in the order of their names.</summary>
internal static partial class YamlText
{
    public static string Of(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(text, node, 0);
        return text.ToString();
    }

    private static void Write(StringBuilder text, JsonNode? node, int depth)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } fields:
                foreach (var (name, value) in fields.OrderBy(field => field.Key, StringComparer.Ordinal))
                {
                    text.Append(' ', depth * 2).Append(Scalar(name)).Append(':');
                    WriteBelow(text, value, depth + 1);
                }

                break;
            case JsonArray { Count: > 0 } items:
                foreach (var item in items)
                {
                    text.Append(' ', depth * 2).Append('-');
                    if (item is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
                    {
                        // The item's first line stands behind its dash.
                        var below = new StringBuilder();
                        Write(below, item, depth + 1);
                        text.Append(' ').Append(below.ToString().AsSpan((depth + 1) * 2));
                    }
                    else
                    {
                        WriteBelow(text, item, depth + 1);
                    }
                }

                break;
            default:
                text.Append(' ', depth * 2).Append(Flat(node)).Append('\n');
                break;
        }
    }

    private static void WriteBelow(StringBuilder text, JsonNode? value, int depth)
    {
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            text.Append('\n');
            Write(text, value, depth);
        }
        else
        {
            text.Append(' ').Append(Flat(value)).Append('\n');
        }
    }

    private static string Flat(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue<string>(out var scalar) => Scalar(scalar),
        null => "null",
        _ => node.ToJsonString(),
    };

    // Quoted where YAML would read something else.
    private static string Scalar(string value) =>
        Plain().IsMatch(value) && !value.Contains(": ") && !value.Contains(" #") && !value.EndsWith(':')
            && value is not ("true" or "false" or "null") && !double.TryParse(value, out _)
            ? value
            : "'" + value.Replace("'", "''") + "'";

    [GeneratedRegex(@"^[A-Za-z/<][^\n]*[^\s]$|^[A-Za-z/]$")]
    private static partial Regex Plain();
}
