// One version of one object, as bytes, with the few fields that are looked at without parsing.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Storage;

/// <summary>Immutable. Bytes rather than a tree: ten thousand objects stay small, and a watch writes them as they are.</summary>
public sealed class StoredObject
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    private StoredObject(ObjectKey key, byte[] json, JsonObject body)
    {
        Key = key;
        Json = json;
        Uid = body.Uid;
        ResourceVersion = long.TryParse(body.Metadata.Text("resourceVersion"), out var version) ? version : 0;
        Labels = body.Metadata["labels"] is JsonObject labels && labels.Count > 0
            ? labels.ToDictionary(label => label.Key, label => label.Value.AsText() ?? "")
            : NoLabels;
        OwnerUids = body.Metadata["ownerReferences"] is JsonArray owners
            ? [.. owners.OfType<JsonObject>().Select(owner => owner.Text("uid"))]
            : [];
        IsTerminating = body.IsTerminating;
    }

    public ObjectKey Key { get; }

    public byte[] Json { get; }

    public string Uid { get; }

    public long ResourceVersion { get; }

    public IReadOnlyDictionary<string, string> Labels { get; }

    public IReadOnlyList<string> OwnerUids { get; }

    public bool IsTerminating { get; }

    public static StoredObject From(ObjectKey key, JsonObject body) => new(key, ObjectFields.Bytes(body), body);

    public static StoredObject From(ObjectKey key, byte[] json) =>
        new(key, json, ObjectFields.Parse(json).Value
            ?? throw new InvalidDataException($"The stored object {key} is not JSON."));

    /// <summary>A tree of the caller's own.</summary>
    public JsonObject Body() => ObjectFields.Parse(Json).Value!;
}
