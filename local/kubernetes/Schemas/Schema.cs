// A structural schema: what a field may hold, for custom resources and built-in kinds alike.
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ServerlessEventing.Local.Kubernetes.Schemas;

/// <summary>How a list is merged and owned.</summary>
public enum ListKind
{
    Atomic,
    Set,
    Map,
}

/// <summary>One node of a schema, read once and never changed.</summary>
public sealed class Schema
{
    /// <summary>Accepts and keeps anything.</summary>
    public static readonly Schema Anything = new() { KeepUnknown = true };

    /// <summary>object, array, string, integer, number, boolean, or empty for any.</summary>
    public string Type { get; init; } = "";

    public string Format { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Nullable { get; init; }

    public bool KeepUnknown { get; init; }

    public bool IntOrString { get; init; }

    public bool EmbeddedObject { get; init; }

    public JsonNode? Default { get; init; }

    public IReadOnlyDictionary<string, Schema> Properties { get; init; } = new Dictionary<string, Schema>();

    public Schema? Additional { get; init; }

    public Schema? Items { get; init; }

    public IReadOnlyList<string> Required { get; init; } = [];

    public IReadOnlyList<JsonNode?> Enum { get; init; } = [];

    public Regex? Pattern { get; init; }

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    public bool ExclusiveMinimum { get; init; }

    public bool ExclusiveMaximum { get; init; }

    public double? MultipleOf { get; init; }

    public long? MinLength { get; init; }

    public long? MaxLength { get; init; }

    public long? MinItems { get; init; }

    public long? MaxItems { get; init; }

    public long? MinProperties { get; init; }

    public long? MaxProperties { get; init; }

    public bool UniqueItems { get; init; }

    public IReadOnlyList<Schema> AllOf { get; init; } = [];

    public IReadOnlyList<Schema> AnyOf { get; init; } = [];

    public IReadOnlyList<Schema> OneOf { get; init; } = [];

    public Schema? Not { get; init; }

    /// <summary>What is told who changes the value: of the rule <c>self == oldSelf</c>; null: it may change.</summary>
    public string? Frozen { get; init; }

    /// <summary>Whether rules of the expression language stand here or below, understood or not.</summary>
    public bool HasRules { get; init; }

    public ListKind ListKind { get; init; }

    /// <summary>The keys that tell the items of a map list apart; also the merge key of strategic patches.</summary>
    public IReadOnlyList<string> ListKeys { get; init; } = [];

    /// <summary>A map that is owned and replaced whole.</summary>
    public bool AtomicMap { get; init; }

    /// <summary>Whether a built-in kind's whole list is replaced by a strategic patch.</summary>
    public bool KeepsOrder => ListKind == ListKind.Atomic;

    /// <summary>The schema of a field, or null when the field is not known.</summary>
    public Schema? Field(string name) =>
        Properties.TryGetValue(name, out var found) ? found
        : Additional is not null ? Additional
        : KeepUnknown ? Anything
        : null;
}
