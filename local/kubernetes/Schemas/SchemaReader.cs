// Reads a CRD's openAPIV3Schema and says what is not structural about it.
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Schemas;

/// <summary>Turns the JSON of a schema into a <see cref="Schema"/>, collecting what is wrong on the way.</summary>
public sealed class SchemaReader
{
    private readonly List<StatusCause> causes = [];
    private int rulesFound;

    public IReadOnlyList<StatusCause> Causes => causes;

    public Schema Read(JsonObject json, string path, bool structural = true)
    {
        var before = rulesFound;
        rulesFound += json["x-kubernetes-validations"] is JsonArray { Count: > 0 } ? 1 : 0;
        var type = json.Text("type");
        var keepUnknown = json["x-kubernetes-preserve-unknown-fields"].AsBool() == true;
        var intOrString = json["x-kubernetes-int-or-string"].AsBool() == true;
        if (structural && type.Length == 0 && !keepUnknown && !intOrString)
        {
            causes.Add(new("FieldValueRequired", "Required value: must not be empty for specified object fields",
                $"{path}.type"));
        }

        return new Schema
        {
            Type = type,
            Format = json.Text("format"),
            Description = json.Text("description"),
            Nullable = json["nullable"].AsBool() == true,
            KeepUnknown = keepUnknown,
            IntOrString = intOrString,
            EmbeddedObject = json["x-kubernetes-embedded-resource"].AsBool() == true,
            Default = json["default"]?.DeepClone(),
            Properties = Properties(json, path, structural),
            Additional = Additional(json, path, structural),
            Items = json["items"] is JsonObject items ? Read(items, $"{path}.items", structural) : null,
            Required = ObjectFields.Texts(json["required"]),
            Enum = json["enum"] is JsonArray values ? [.. values.Select(value => value?.DeepClone())] : [],
            Pattern = Pattern(json.Text("pattern"), path),
            Minimum = Number(json["minimum"]),
            Maximum = Number(json["maximum"]),
            ExclusiveMinimum = json["exclusiveMinimum"].AsBool() == true,
            ExclusiveMaximum = json["exclusiveMaximum"].AsBool() == true,
            MultipleOf = Number(json["multipleOf"]),
            MinLength = json["minLength"].AsLong(),
            MaxLength = json["maxLength"].AsLong(),
            MinItems = json["minItems"].AsLong(),
            MaxItems = json["maxItems"].AsLong(),
            MinProperties = json["minProperties"].AsLong(),
            MaxProperties = json["maxProperties"].AsLong(),
            UniqueItems = json["uniqueItems"].AsBool() == true,
            AllOf = Alternatives(json, "allOf", path),
            AnyOf = Alternatives(json, "anyOf", path),
            OneOf = Alternatives(json, "oneOf", path),
            Not = json["not"] is JsonObject not ? Read(not, $"{path}.not", structural: false) : null,
            Frozen = Frozen(json),
            HasRules = rulesFound > before,
            ListKind = json.Text("x-kubernetes-list-type") switch
            {
                "map" => ListKind.Map,
                "set" => ListKind.Set,
                _ => ListKind.Atomic,
            },
            ListKeys = ObjectFields.Texts(json["x-kubernetes-list-map-keys"]),
            AtomicMap = json.Text("x-kubernetes-map-type") == "atomic",
        };
    }

    private static double? Number(JsonNode? node) =>
        node.AsNumber();

    // The one rule of the expression language that is understood; others are ignored.
    private static string? Frozen(JsonObject json) =>
        (json["x-kubernetes-validations"] as JsonArray)?.OfType<JsonObject>()
            .Where(rule => rule.Text("rule").Replace(" ", "", StringComparison.Ordinal) == "self==oldSelf")
            .Select(rule => rule.Text("message") is { Length: > 0 } told ? told : "failed rule: self == oldSelf")
            .FirstOrDefault();

    private Dictionary<string, Schema> Properties(JsonObject json, string path, bool structural)
    {
        var properties = new Dictionary<string, Schema>();
        foreach (var (name, child) in json["properties"] as JsonObject ?? [])
        {
            if (child is JsonObject schema)
            {
                properties[name] = Read(schema, $"{path}.properties[{name}]", structural);
            }
        }

        return properties;
    }

    private Schema? Additional(JsonObject json, string path, bool structural) => json["additionalProperties"] switch
    {
        JsonObject schema => Read(schema, $"{path}.additionalProperties", structural),
        { } flag when flag.AsBool() == true => Schema.Anything,
        _ => null,
    };

    private List<Schema> Alternatives(JsonObject json, string name, string path) =>
        json[name] is JsonArray list
            ? [.. list.OfType<JsonObject>().Select((one, at) => Read(one, $"{path}.{name}[{at}]", structural: false))]
            : [];

    private Regex? Pattern(string pattern, string path)
    {
        if (pattern.Length == 0)
        {
            return null;
        }

        try
        {
            // In time linear to the text, as Kubernetes' own; a time limit would refuse good objects on a busy machine.
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            causes.Add(new("FieldValueInvalid", $"Invalid value: \"{pattern}\": must be a valid regular expression, "
                + $"but isn't: {failure.Message}", $"{path}.pattern"));
            return null;
        }
    }
}
