// One Kubernetes object as it came from the API server: raw JSON with names for the parts every kind has.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Operator.Resources;

/// <summary>
/// An object as the API server gave it. Shared between threads, so never changed: who wants to write takes
/// <see cref="Copy"/>.
/// </summary>
public sealed class Resource(JsonObject json)
{
    public JsonObject Json { get; } = json;

    public ResourceKey Key { get; } =
        new(json.Text("metadata", "namespace") ?? "", json.Text("metadata", "name") ?? "");

    public string Namespace => Key.Namespace;

    public string Name => Key.Name;

    public string Uid { get; } = json.Text("metadata", "uid") ?? "";

    public string Version => Json.Text("metadata", "resourceVersion") ?? "";

    public long Generation => Json.Number("metadata", "generation") ?? 0;

    public bool IsDeleting => Json.Text("metadata", "deletionTimestamp") is not null;

    public JsonObject? Spec => Json.Object("spec");

    public JsonObject? Status => Json.Object("status");

    public string? Label(string name) => Json.Text("metadata", "labels", name);

    public string? Annotation(string name) => Json.Text("metadata", "annotations", name);

    public bool HasFinalizer(string finalizer) =>
        Json.Items("metadata", "finalizers").Any(item => item.Text() == finalizer);

    /// <summary>The owner that controls this object, or null.</summary>
    public Owner? Controller { get; } = json.Items("metadata", "ownerReferences")
        .Where(item => item.At("controller") is JsonValue flag && flag.TryGetValue<bool>(out var on) && on)
        .Select(item => new Owner(
            GroupKind.Of(item.Text("apiVersion") ?? "", item.Text("kind") ?? ""),
            item.Text("name") ?? "",
            item.Text("uid") ?? ""))
        .FirstOrDefault();

    /// <summary>Whether the object's Ready condition is True for its present generation.</summary>
    public bool IsReady =>
        Condition(ConditionSet.Ready).Text("status") == "True"
        && (Status.Number("observedGeneration") ?? Generation) >= Generation;

    public JsonNode? Condition(string type) =>
        Status.Items("conditions").FirstOrDefault(item => item.Text("type") == type);

    public JsonObject Copy() => (JsonObject)Json.DeepClone();
}

/// <summary>The controlling owner of an object.</summary>
public sealed record Owner(GroupKind Kind, string Name, string Uid);
