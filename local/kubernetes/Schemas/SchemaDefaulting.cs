// Fills in the defaults of a schema.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Kubernetes.Schemas;

/// <summary>Defaulting: absent fields, and nulls that may not be null, take the schema's default.</summary>
public static class SchemaDefaulting
{
    public static void Apply(JsonNode? node, Schema schema)
    {
        if (node is JsonObject value)
        {
            foreach (var (name, field) in schema.Properties)
            {
                FillIn(value, name, field);
            }

            foreach (var (name, child) in value.ToList())
            {
                if (schema.Field(name) is { } field)
                {
                    Apply(child, field);
                }
            }
        }
        else if (node is JsonArray list && schema.Items is { } items)
        {
            foreach (var item in list)
            {
                Apply(item, items);
            }
        }
    }

    private static void FillIn(JsonObject value, string name, Schema field)
    {
        if (value[name] is not null)
        {
            return;
        }

        var isNull = value.ContainsKey(name);
        if (field.Default is not null && !(isNull && field.Nullable))
        {
            value[name] = field.Default.DeepClone();
        }
        else if (isNull && !field.Nullable)
        {
            value.Remove(name);
        }
    }
}
