// One version of one object, as bytes, with the few fields that are looked at without parsing.
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Storage;

/// <summary>Immutable. Bytes, not a tree: ten thousand objects stay small, and a watch writes them as is.</summary>
public sealed class StoredObject
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    private StoredObject(ObjectKey key, byte[] json)
    {
        Key = key;
        Json = json;
        using var document = JsonDocument.Parse(json, ObjectFields.Strict);
        if (!document.RootElement.TryGetProperty("metadata", out var metadata))
        {
            throw new InvalidDataException($"The object {key} has no metadata.");
        }

        Uid = Text(metadata, "uid");
        ResourceVersion = long.TryParse(Text(metadata, "resourceVersion"), out var version) ? version : 0;
        Labels = metadata.TryGetProperty("labels", out var labels) && labels.ValueKind == JsonValueKind.Object
            ? labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? "")
            : NoLabels;
        OwnerUids = metadata.TryGetProperty("ownerReferences", out var owners)
            && owners.ValueKind == JsonValueKind.Array
            ? [.. owners.EnumerateArray().Select(owner => Text(owner, "uid"))]
            : [];
        IsTerminating = Text(metadata, "deletionTimestamp").Length > 0;
    }

    public ObjectKey Key { get; }

    public byte[] Json { get; }

    public string Uid { get; }

    public long ResourceVersion { get; }

    public IReadOnlyDictionary<string, string> Labels { get; }

    public IReadOnlyList<string> OwnerUids { get; }

    public bool IsTerminating { get; }

    public static StoredObject From(ObjectKey key, JsonObject body) => new(key, ObjectFields.Bytes(body));

    public static StoredObject From(ObjectKey key, byte[] json) => new(key, json);

    /// <summary>A tree of the caller's own.</summary>
    public JsonObject Body() => ObjectFields.Parse(Json).Value!;

    private static string Text(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
