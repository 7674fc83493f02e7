// Makes a client's object fit to store: known fields only, defaults filled in, valid.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>
/// The way in, in this order:
/// <code>
///   (1) apiVersion and kind   (2) unknown fields: refuse, warn or drop   (3) defaults   (4) names, labels, schema
/// </code>
/// </summary>
public static class Intake
{
    /// <summary>Says why apiVersion or kind do not fit; fills them in for built-in kinds that leave them out.</summary>
    public static ApiStatus? CheckKind(ResourceType type, JsonObject body)
    {
        if (!type.IsCustom)
        {
            body.Default("apiVersion", type.ApiVersion);
            body.Default("kind", type.Kind);
        }

        if (body.Kind.Length == 0)
        {
            return ApiStatus.BadRequest($"Object 'Kind' is missing in '{Shortened(body)}'");
        }

        if (body.ApiVersion != type.ApiVersion)
        {
            return ApiStatus.BadRequest($"the API version in the data ({body.ApiVersion}) does not match the expected "
                + $"API version ({type.ApiVersion})");
        }

        if (body.Kind != type.Kind)
        {
            return ApiStatus.Invalid(type.Group, body.Kind, body.Name,
                [new("FieldValueInvalid", $"Invalid value: \"{body.Kind}\": must be {type.Kind}", "kind")]);
        }

        if (body["metadata"] is not (null or JsonObject))
        {
            return ApiStatus.BadRequest("metadata must be an object");
        }

        return null;
    }

    /// <summary>What an applied object may not say.</summary>
    public static ApiStatus? CheckApplied(ResourceType type, JsonObject wanted, string name)
    {
        if (wanted.Metadata["managedFields"] is not null)
        {
            return ApiStatus.BadRequest("metadata.managedFields must be nil");
        }

        return wanted.Name.Length > 0 && wanted.Name != name
            ? ApiStatus.BadRequest($"the name of the object ({wanted.Name}) does not match the name on the URL "
                + $"({name})")
            : null;
    }

    /// <summary>Drops unknown fields; the failure is that of strict validation.</summary>
    public static ApiStatus? DropUnknown(
        ResourceType type, JsonObject body, FieldValidation validation, List<string> warnings)
    {
        var unknown = SchemaPruning.Prune(body, type.Schema)
            .Concat(SchemaPruning.Prune(body.Metadata, BuiltinSchemas.Metadata).Select(path => $"metadata.{path}"))
            .Select(path => $"unknown field \"{path}\"")
            .ToList();
        if (unknown.Count > 0 && validation == FieldValidation.Strict)
        {
            return ApiStatus.BadRequest($"{type.Kind} in version \"{type.Version}\" cannot be handled as a "
                + $"{type.Kind}: strict decoding error: {string.Join(", ", unknown)}");
        }

        if (validation == FieldValidation.Warn)
        {
            warnings.AddRange(unknown);
        }

        return null;
    }

    /// <summary>Drops unknown fields and fills in defaults.</summary>
    public static ApiStatus? Normalise(
        ResourceType type, JsonObject body, FieldValidation validation, List<string> warnings)
    {
        if (DropUnknown(type, body, validation, warnings) is { } refused)
        {
            return refused;
        }

        // A null there is as good as nothing.
        foreach (var (name, _) in body.Metadata.Where(field => field.Value is null).ToList())
        {
            body.Metadata.Remove(name);
        }

        if (SchemaValidation.Check(body.Metadata, BuiltinSchemas.Metadata)
            .FirstOrDefault(cause => cause.Reason == "FieldValueTypeInvalid") is { } wrongMetadata)
        {
            return ApiStatus.BadRequest($"{type.Kind} in version \"{type.Version}\" cannot be handled as a "
                + $"{type.Kind}: metadata.{wrongMetadata.Field}: {wrongMetadata.Message}");
        }

        // Before the defaults, which would put a right value in place of a wrong one.
        var wrongTypes = type.IsCustom
            ? []
            : SchemaValidation.Check(body, type.Schema)
                .Where(cause => cause.Reason == "FieldValueTypeInvalid").ToList();
        if (wrongTypes.Count > 0)
        {
            return type.Invalid(body.Name, wrongTypes);
        }

        SchemaDefaulting.Apply(body, type.Schema);
        KindDefaults.Apply(type, body);
        return null;
    }

    public static ApiStatus? Validate(ResourceType type, JsonObject body, JsonObject? old)
    {
        var causes = new List<StatusCause>();
        CheckMetadata(type, body, causes);
        causes.AddRange(SchemaValidation.Check(body, type.Schema));
        if (causes.Count == 0)
        {
            causes.AddRange(KindRules.Check(type, body, old));
        }

        if (!causes.Exists(IsBlocking))
        {
            causes.AddRange(SchemaTransitions.Check(old, body, type.Schema, ""));
        }
        else if (type.Schema.HasRules)
        {
            causes.Add(new("FieldValueInvalid", "Invalid value: null: some validation rules were not checked because "
                + "the object was invalid; correct the existing errors to complete validation", "<nil>"));
        }

        return causes.Count == 0 ? null : type.Invalid(body.Name, causes);
    }

    /// <summary>After what rules are not looked at: they might read the very field that is wrong.</summary>
    private static bool IsBlocking(StatusCause cause) => cause.Reason
        is "FieldValueNotSupported" or "FieldValueRequired" or "FieldValueTooLong" or "FieldValueTooMany"
        or "FieldValueTypeInvalid";

    private static void CheckMetadata(ResourceType type, JsonObject body, List<StatusCause> causes)
    {
        var metadata = body.Metadata;
        // A prefix may end as no name may.
        var prefix = metadata.Text("generateName").TrimEnd('-');
        if (prefix.Length > 0 && ObjectNames.Problem(type.NameRule, prefix.TrimEnd('.') + "a") is { } badPrefix)
        {
            causes.Add(new("FieldValueInvalid", $"Invalid value: \"{metadata.Text("generateName")}\": {badPrefix}",
                "metadata.generateName"));
        }

        if (ObjectNames.Problem(type.NameRule, body.Name) is { } problem)
        {
            causes.Add(new("FieldValueInvalid", $"Invalid value: \"{body.Name}\": {problem}", "metadata.name"));
        }

        // What owners lack is told below, in a real server's words.
        foreach (var cause in SchemaValidation.Check(metadata, BuiltinSchemas.Metadata)
            .Where(cause => cause.Reason != "FieldValueRequired"))
        {
            causes.Add(cause with { Field = $"metadata.{cause.Field}" });
        }

        foreach (var (key, value) in metadata["labels"] as JsonObject ?? [])
        {
            if (ObjectNames.LabelKeyProblem(key) is { } badKey)
            {
                causes.Add(new("FieldValueInvalid", $"Invalid value: \"{key}\": {badKey}", "metadata.labels"));
            }

            if (ObjectNames.LabelValueProblem(value.AsText() ?? "") is { } badValue)
            {
                causes.Add(new("FieldValueInvalid", $"Invalid value: \"{value.AsText()}\": {badValue}",
                    "metadata.labels"));
            }
        }

        foreach (var (key, _) in metadata["annotations"] as JsonObject ?? [])
        {
            if (ObjectNames.LabelKeyProblem(key.ToLowerInvariant()) is { } badKey)
            {
                causes.Add(new("FieldValueInvalid", $"Invalid value: \"{key}\": {badKey}", "metadata.annotations"));
            }
        }

        causes.AddRange(FinalizersAndOwners(metadata));
        var annotations = (metadata["annotations"] as JsonObject ?? [])
            .Sum(pair => (long)pair.Key.Length + (pair.Value.AsText()?.Length ?? 0));
        if (annotations > 256 * 1024)
        {
            causes.Add(new("FieldValueTooLong", "Too long: may not be more than 262144 bytes", "metadata.annotations"));
        }
    }

    private static IEnumerable<StatusCause> FinalizersAndOwners(JsonObject metadata)
    {
        var finalizers = ObjectFields.Texts(metadata["finalizers"]);
        if (finalizers.Contains("orphan") && finalizers.Contains("foregroundDeletion"))
        {
            yield return new("FieldValueInvalid",
                $"Invalid value: [{string.Join(",", finalizers.Select(name => $"\"{name}\""))}]: "
                    + "finalizer orphan and foregroundDeletion cannot be both set",
                "metadata.finalizers");
        }

        foreach (var finalizer in finalizers)
        {
            if (ObjectNames.LabelKeyProblem(finalizer) is { } problem)
            {
                yield return new("FieldValueInvalid", $"Invalid value: \"{finalizer}\": {problem}",
                    "metadata.finalizers");
            }
        }

        foreach (var owner in (metadata["ownerReferences"] as JsonArray ?? []).OfType<JsonObject>())
        {
            foreach (var field in (string[])["apiVersion", "kind", "name", "uid"])
            {
                if (owner.Text(field).Length == 0)
                {
                    var what = field == "apiVersion" ? "version must not be empty" : "must not be empty";
                    yield return new("FieldValueInvalid", $"Invalid value: \"\": {what}",
                        $"metadata.ownerReferences.{field}");
                }
            }
        }

        var controllers = (metadata["ownerReferences"] as JsonArray ?? []).OfType<JsonObject>()
            .Where(owner => owner["controller"].AsBool() == true)
            .Select(owner => owner.Text("name")).ToList();
        if (controllers.Count > 1)
        {
            yield return new("FieldValueInvalid", "Invalid value: Only one reference can have Controller set to true. "
                + $"Found \"true\" in references for {string.Join(" and ", controllers)}", "metadata.ownerReferences");
        }
    }

    private static string Shortened(JsonObject body)
    {
        var text = body.ToJsonString(ObjectFields.Compact);
        return text.Length > 1_000 ? text[..1_000] + "…" : text;
    }
}
