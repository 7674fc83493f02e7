// Checks a value against a schema and words each cause as the API server does.
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Schemas;

/// <summary>Validation of one object; collects every cause, up to a limit.</summary>
public sealed class SchemaValidation
{
    private const int MostCauses = 50;

    // What a real server names where an error belongs to no one field.
    private const string NoField = "<nil>";

    private readonly List<StatusCause> causes = [];

    public static IReadOnlyList<StatusCause> Check(JsonObject body, Schema schema)
    {
        var validation = new SchemaValidation();
        validation.CheckObject(body, schema, "", isObjectRoot: true);
        return validation.causes;
    }

    private static List<StatusCause> Try(JsonNode? node, Schema schema, string path)
    {
        var trial = new SchemaValidation();
        trial.Visit(node, schema, path);
        return trial.causes;
    }

    private void Visit(JsonNode? node, Schema schema, string path)
    {
        if (causes.Count >= MostCauses)
        {
            return;
        }

        if (node is null)
        {
            if (!schema.Nullable && schema.Type.Length > 0)
            {
                WrongType(path, schema.Type, "null");
            }

            return;
        }

        if (!TypeFits(node, schema))
        {
            WrongType(path, schema.IntOrString ? "integer,string" : schema.Type, TypeOf(node));
            return;
        }

        switch (node)
        {
            case JsonObject value:
                CheckObject(value, schema, path, schema.EmbeddedObject);
                break;
            case JsonArray list:
                CheckList(list, schema, path);
                break;
            case JsonValue value:
                CheckScalar(value, schema, path);
                break;
        }

        CheckEnum(node, schema, path);
        CheckAlternatives(node, schema, path);
    }

    private void CheckObject(JsonObject value, Schema schema, string path, bool isObjectRoot)
    {
        foreach (var name in schema.EmbeddedObject ? schema.Required.Union(["apiVersion", "kind"]) : schema.Required)
        {
            if (!value.ContainsKey(name))
            {
                causes.Add(new("FieldValueRequired", "Required value", Join(path, name)));
            }
        }

        if (schema.MinProperties is { } least && value.Count < least)
        {
            Invalid(path, $"{value.Count}", $"{path} in body should have at least {least} properties");
        }

        if (schema.MaxProperties is { } most && value.Count > most)
        {
            TooMany(path, value.Count, most);
        }

        foreach (var (name, child) in value)
        {
            if (!(isObjectRoot && name is "apiVersion" or "kind" or "metadata") && schema.Field(name) is { } field)
            {
                Visit(child, field, Join(path, name));
            }
        }
    }

    private void CheckList(JsonArray list, Schema schema, string path)
    {
        if (schema.MinItems is { } least && list.Count < least)
        {
            Invalid(path, $"{list.Count}", $"{path} in body should have at least {least} items");
        }

        if (schema.MaxItems is { } most && list.Count > most)
        {
            TooMany(path, list.Count, most);
        }

        for (var at = 0; at < list.Count && schema.Items is not null; at++)
        {
            Visit(list[at], schema.Items, $"{path}[{at}]");
        }

        if (schema.ListKind == ListKind.Atomic && !schema.UniqueItems)
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var at = 0; at < list.Count; at++)
        {
            var key = schema.ListKind == ListKind.Map
                ? KeyOf(list[at] as JsonObject ?? [], schema.ListKeys)
                : list[at]?.ToJsonString() ?? "null";
            if (!seen.Add(key))
            {
                causes.Add(new("FieldValueDuplicate", $"Duplicate value: {key}", $"{path}[{at}]"));
            }
        }
    }

    private static string KeyOf(JsonObject item, IReadOnlyList<string> keys)
    {
        var parts = keys.Select(key => $"\"{key}\":{item[key]?.ToJsonString() ?? "null"}");
        return "{" + string.Join(",", parts) + "}";
    }

    private void CheckScalar(JsonValue value, Schema schema, string path)
    {
        if (value.AsText() is { } text)
        {
            CheckText(text, schema, path);
        }
        else if (value.AsNumber() is { } number)
        {
            CheckNumber(number, value.ToJsonString(), schema, path);
        }
    }

    private void CheckText(string text, Schema schema, string path)
    {
        var shown = Quote(text);
        if (schema.MinLength is { } least && text.Length < least)
        {
            Invalid(path, shown, $"{path} in body should be at least {least} chars long");
        }

        if (schema.MaxLength is { } most && text.Length > most)
        {
            causes.Add(new("FieldValueTooLong", $"Too long: may not be more than {most} bytes", path));
        }

        if (schema.Pattern is { } pattern && !pattern.IsMatch(text))
        {
            Invalid(path, shown, $"{path} in body should match '{pattern}'");
        }

        if (schema.Format.Length > 0 && !TextFormats.Fits(schema.Format, text))
        {
            WrongType(path, schema.Format, text);
        }
    }

    private void CheckNumber(double number, string shown, Schema schema, string path)
    {
        if (schema.Minimum is { } least && (schema.ExclusiveMinimum ? number <= least : number < least))
        {
            var bound = schema.ExclusiveMinimum ? "greater than" : "greater than or equal to";
            Invalid(path, shown, $"{path} in body should be {bound} {Plain(least)}");
        }

        if (schema.Maximum is { } most && (schema.ExclusiveMaximum ? number >= most : number > most))
        {
            var bound = schema.ExclusiveMaximum ? "less than" : "less than or equal to";
            Invalid(path, shown, $"{path} in body should be {bound} {Plain(most)}");
        }

        if (schema.MultipleOf is { } step and > 0 && Math.Abs(Math.IEEERemainder(number, step)) > 1e-9)
        {
            Invalid(path, shown, $"{path} in body should be a multiple of {Plain(step)}");
        }

        if (schema.Format == "int32" && number is < int.MinValue or > int.MaxValue)
        {
            Invalid(NoField, "\"\"", $"Checked value must be of type integer with format int32 in {path}");
        }
    }

    private void CheckEnum(JsonNode node, Schema schema, string path)
    {
        if (schema.Enum.Count == 0 || schema.Enum.Any(one => JsonNode.DeepEquals(one, node)))
        {
            return;
        }

        var supported = string.Join(", ", schema.Enum.Select(one => one?.ToJsonString() ?? "null"));
        causes.Add(new("FieldValueNotSupported",
            $"Unsupported value: {node.ToJsonString()}: supported values: {supported}", path));
    }

    private void CheckAlternatives(JsonNode node, Schema schema, string path)
    {
        foreach (var one in schema.AllOf)
        {
            Visit(node, one, path);
        }

        if (schema.AnyOf.Count > 0 && !schema.IntOrString)
        {
            var tried = schema.AnyOf.Select(one => Try(node, one, path)).ToList();
            if (tried.TrueForAll(found => found.Count > 0))
            {
                Invalid(NoField, "\"\"", $"\"{path}\" must validate at least one schema (anyOf)");
                causes.AddRange(tried.MinBy(found => found.Count)!);
            }
        }

        if (schema.OneOf.Count > 0)
        {
            var tried = schema.OneOf.Select(one => Try(node, one, path)).ToList();
            var fitting = tried.Count(found => found.Count == 0);
            if (fitting != 1)
            {
                var how = fitting == 0 ? "Found none valid" : $"Found {fitting} valid alternatives";
                Invalid(NoField, "\"\"", $"\"{path}\" must validate one and only one schema (oneOf). {how}");
                causes.AddRange(fitting == 0 ? tried.MinBy(found => found.Count)! : []);
            }
        }

        if (schema.Not is { } not && Try(node, not, path).Count == 0)
        {
            Invalid(NoField, "\"\"", $"\"{path}\" must not validate the schema (not)");
        }
    }

    private static bool TypeFits(JsonNode node, Schema schema)
    {
        var actual = TypeOf(node);
        return schema.IntOrString ? actual is "integer" or "string"
            : schema.Type.Length == 0 || actual == schema.Type || (schema.Type == "number" && actual == "integer");
    }

    private static string TypeOf(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => node.AsLong() is null ? "number" : "integer",
        _ => "null",
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Plain(double number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Quote(string text) => $"\"{(text.Length > 256 ? text[..256] + "…" : text)}\"";

    private void WrongType(string path, string wanted, string found) =>
        causes.Add(new("FieldValueTypeInvalid",
            $"Invalid value: {Quote(found)}: {path} in body must be of type {wanted}: {Quote(found)}", path));

    private void Invalid(string path, string shown, string why) =>
        causes.Add(new("FieldValueInvalid", $"Invalid value: {shown}: {why}", path));

    private void TooMany(string path, long count, long most) =>
        causes.Add(new("FieldValueTooMany", $"Too many: {count}: must have at most {most} items", path));
}
