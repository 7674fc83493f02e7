// One kind in one served version: how it is named, stored, validated and shown.
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Schemas;
using ServerlessEventing.Local.Kubernetes.Storage;

namespace ServerlessEventing.Local.Kubernetes.Kinds;

/// <summary>Where the scale subresource finds its numbers.</summary>
public sealed record ScalePaths(string SpecReplicas, string StatusReplicas, string Selector);

/// <summary>What the server knows of a kind.</summary>
public sealed record ResourceType
{
    public const string Crds = "customresourcedefinitions.apiextensions.k8s.io";
    public const string Namespaces = "namespaces";
    public const string CoreEvents = "events";

    public required string Group { get; init; }

    public required string Version { get; init; }

    public required string Plural { get; init; }

    public required string Singular { get; init; }

    public required string Kind { get; init; }

    public string ListKind { get => field.Length > 0 ? field : Kind + "List"; init; } = "";

    public bool Namespaced { get; init; } = true;

    public bool IsCustom { get; init; }

    public bool HasStatus { get; init; }

    /// <summary>Only POST: the reviews of authorization and authentication.</summary>
    public bool CreateOnly { get; init; }

    /// <summary>Whether metadata.generation counts changes of the spec.</summary>
    public bool HasGeneration { get; init; }

    public ScalePaths? Scale { get; init; }

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public IReadOnlyList<PrinterColumn> Columns { get; init; } = [];

    public IReadOnlySet<string> FieldLabels { get; init; } = new HashSet<string>();

    public NameRule NameRule { get; init; }

    public Schema Schema { get; init; } = Schema.Anything;

    /// <summary>The apiVersion objects are kept in, whatever version they came in.</summary>
    public required string StorageApiVersion { get; init; }

    /// <summary>The schema of the version objects are kept in.</summary>
    public Schema StorageSchema { get; init; } = Schema.Anything;

    /// <summary>Under which name objects are kept; the same for every version.</summary>
    public required string StorageName { get; init; }

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The schema with apiVersion, kind and metadata in it.</summary>
    public Schema WholeSchema => new()
    {
        Type = "object",
        KeepUnknown = Schema.KeepUnknown,
        Properties = new Dictionary<string, Schema>(Schema.Properties)
        {
            ["apiVersion"] = Schema.Anything,
            ["kind"] = Schema.Anything,
            ["metadata"] = BuiltinSchemas.Metadata,
        },
    };

    public bool IsCrd => StorageName == Crds;

    public bool IsNamespace => StorageName == Namespaces;

    public ObjectKey Key(string @namespace, string name) => new(StorageName, Namespaced ? @namespace : "", name);

    public ApiStatus NotFound(string name) => ApiStatus.NotFound(Group, Plural, name);

    public ApiStatus Conflict(string name, string why) => ApiStatus.Conflict(Group, Plural, name, why);

    public ApiStatus Invalid(string name, params IReadOnlyList<StatusCause> causes) =>
        ApiStatus.Invalid(Group, Kind, name, causes);
}
