// Turns a CustomResourceDefinition into the kinds it defines, or says what is wrong with it.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Kinds;

/// <summary>One resource type per served version; every version's schema is read, and its faults collected.</summary>
public sealed class CustomKinds
{
    private readonly List<StatusCause> causes = [];

    private CustomKinds()
    {
    }

    public IReadOnlyList<ResourceType> Types { get; private set; } = [];

    public IReadOnlyList<StatusCause> Causes => causes;

    public static CustomKinds Read(JsonObject crd)
    {
        var kinds = new CustomKinds();
        kinds.Types = kinds.ReadTypes(crd, crd["spec"] as JsonObject ?? []);
        return kinds;
    }

    /// <summary>What is served of a stored CRD: nothing until it is established, and by accepted names only.</summary>
    public static IReadOnlyList<ResourceType> Served(JsonObject crd)
    {
        var established = (crd.At("status", "conditions") as JsonArray ?? []).OfType<JsonObject>()
            .Any(condition => condition.Text("type") == "Established" && condition.Text("status") == "True");
        if (!established)
        {
            return [];
        }

        if (crd.At("status", "acceptedNames") is { } accepted)
        {
            crd.Child("spec")["names"] = accepted.DeepClone();
        }

        return Read(crd).Types;
    }

    private List<ResourceType> ReadTypes(JsonObject crd, JsonObject spec)
    {
        var names = spec["names"] as JsonObject ?? [];
        var group = spec.Text("group");
        var plural = names.Text("plural");
        Require(group, "spec.group");
        Require(plural, "spec.names.plural");
        Require(names.Text("kind"), "spec.names.kind");
        if (crd.Name != $"{plural}.{group}")
        {
            causes.Add(new("FieldValueInvalid", $"Invalid value: \"{crd.Name}\": must be spec.names.plural+\".\"+"
                + "spec.group", "metadata.name"));
        }

        if (spec.Text("scope") is not ("Namespaced" or "Cluster"))
        {
            causes.Add(new("FieldValueNotSupported", $"Unsupported value: \"{spec.Text("scope")}\": supported "
                + "values: \"Cluster\", \"Namespaced\"", "spec.scope"));
        }

        var versions = (spec["versions"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var storage = versions.FindAll(version => version["storage"].AsBool() == true);
        if (storage.Count != 1)
        {
            causes.Add(new("FieldValueInvalid", "Invalid value: must have exactly one version marked as storage "
                + "version", "spec.versions"));
            return [];
        }

        if (versions.DistinctBy(version => version.Text("name")).Count() < versions.Count)
        {
            causes.Add(new("FieldValueInvalid", "Invalid value: must contain unique version names", "spec.versions"));
        }

        var schemas = versions.Select(ReadSchema).ToList();
        var stored = versions.IndexOf(storage[0]);
        return
        [
            .. versions.Select((version, at) => (version, at))
                .Where(pair => pair.version["served"].AsBool() == true)
                .Select(pair => TypeOf(spec, names, pair.version, schemas[pair.at]) with
                {
                    StorageApiVersion = $"{group}/{storage[0].Text("name")}",
                    StorageSchema = schemas[stored],
                }),
        ];
    }

    private static ResourceType TypeOf(JsonObject spec, JsonObject names, JsonObject version, Schema schema)
    {
        var subresources = version["subresources"] as JsonObject ?? [];
        var singular = names.Text("singular");
        return new ResourceType
        {
            Group = spec.Text("group"),
            Version = version.Text("name"),
            Plural = names.Text("plural"),
            Singular = singular.Length > 0 ? singular : names.Text("kind").ToLowerInvariant(),
            Kind = names.Text("kind"),
            ListKind = names.Text("listKind"),
            Namespaced = spec.Text("scope") == "Namespaced",
            IsCustom = true,
            HasStatus = subresources["status"] is JsonObject,
            HasGeneration = true,
            Scale = subresources["scale"] is JsonObject scale
                ? new ScalePaths(scale.Text("specReplicasPath"), scale.Text("statusReplicasPath"),
                    scale.Text("labelSelectorPath"))
                : null,
            ShortNames = ObjectFields.Texts(names["shortNames"]),
            Categories = ObjectFields.Texts(names["categories"]),
            Columns = Columns(version["additionalPrinterColumns"] as JsonArray),
            Schema = schema,
            StorageApiVersion = "",
            StorageName = $"{names.Text("plural")}.{spec.Text("group")}",
        };
    }

    private static IReadOnlyList<PrinterColumn> Columns(JsonArray? columns) =>
        columns is null or { Count: 0 }
            ? [new PrinterColumn("Age", "date") { JsonPath = ".metadata.creationTimestamp" }]
            :
            [
                .. columns.OfType<JsonObject>().Select(column =>
                    new PrinterColumn(column.Text("name"), column.Text("type"))
                    {
                        Format = column.Text("format"),
                        Description = column.Text("description") is { Length: > 0 } told
                            ? told
                            : $"Custom resource definition column (in JSONPath format): {column.Text("jsonPath")}",
                        Priority = column["priority"].AsLong() ?? 0,
                        JsonPath = column.Text("jsonPath"),
                    }),
            ];

    private Schema ReadSchema(JsonObject version, int at)
    {
        var path = $"spec.versions[{at}].schema.openAPIV3Schema";
        if (version.At("schema", "openAPIV3Schema") is not JsonObject json)
        {
            causes.Add(new("FieldValueRequired", "Required value: schemas are required", path));
            return Schema.Anything;
        }

        var reader = new SchemaReader();
        var schema = reader.Read(json, path);
        causes.AddRange(reader.Causes);
        return schema;
    }

    private void Require(string value, string field)
    {
        if (value.Length == 0)
        {
            causes.Add(new("FieldValueRequired", "Required value", field));
        }
    }
}
