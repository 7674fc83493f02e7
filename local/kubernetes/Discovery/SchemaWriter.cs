// Writes a schema as OpenAPI JSON.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Discovery;

/// <summary>The reverse of reading one.</summary>
public static class SchemaWriter
{
    public static JsonObject Write(Schema schema)
    {
        var json = new JsonObject();
        Add(json, "description", schema.Description);
        Add(json, "type", schema.Type);
        Add(json, "format", schema.Format);
        Add(json, "pattern", schema.Pattern?.ToString() ?? "");
        WriteLimits(json, schema);
        if (schema.Default is not null)
        {
            json["default"] = schema.Default.DeepClone();
        }

        if (schema.Required.Count > 0)
        {
            json["required"] = new JsonArray([.. schema.Required.Select(name => JsonValue.Create(name))]);
        }

        if (schema.Enum.Count > 0)
        {
            json["enum"] = new JsonArray([.. schema.Enum.Select(value => value?.DeepClone())]);
        }

        if (schema.Properties.Count > 0)
        {
            json["properties"] = new JsonObject(
                schema.Properties.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Write(pair.Value))));
        }

        if (schema.Additional is not null)
        {
            json["additionalProperties"] = Write(schema.Additional);
        }

        if (schema.Items is not null)
        {
            json["items"] = Write(schema.Items);
        }

        WriteExtensions(json, schema);
        return json;
    }

    private static void WriteLimits(JsonObject json, Schema schema)
    {
        Add(json, "minimum", schema.Minimum);
        Add(json, "maximum", schema.Maximum);
        Add(json, "minLength", schema.MinLength);
        Add(json, "maxLength", schema.MaxLength);
        Add(json, "minItems", schema.MinItems);
        Add(json, "maxItems", schema.MaxItems);
        if (schema.Nullable)
        {
            json["nullable"] = true;
        }
    }

    private static void WriteExtensions(JsonObject json, Schema schema)
    {
        if (schema.KeepUnknown)
        {
            json["x-kubernetes-preserve-unknown-fields"] = true;
        }

        if (schema.IntOrString)
        {
            json["x-kubernetes-int-or-string"] = true;
        }

        if (schema.EmbeddedObject)
        {
            json["x-kubernetes-embedded-resource"] = true;
        }

        if (schema.ListKind != ListKind.Atomic)
        {
            json["x-kubernetes-list-type"] = schema.ListKind == ListKind.Map ? "map" : "set";
            json["x-kubernetes-patch-strategy"] = "merge";
        }

        if (schema.ListKeys.Count > 0)
        {
            json["x-kubernetes-list-map-keys"] =
                new JsonArray([.. schema.ListKeys.Select(name => JsonValue.Create(name))]);
            json["x-kubernetes-patch-merge-key"] = schema.ListKeys[0];
        }
    }

    private static void Add(JsonObject json, string name, string value)
    {
        if (value.Length > 0)
        {
            json[name] = value;
        }
    }

    private static void Add(JsonObject json, string name, double? value)
    {
        if (value is { } number)
        {
            json[name] = number;
        }
    }

    private static void Add(JsonObject json, string name, long? value)
    {
        if (value is { } number)
        {
            json[name] = number;
        }
    }
}
