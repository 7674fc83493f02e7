// What one write sees and changes before it is committed.
using System.Globalization;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Storage;

/// <summary>A view of the store with this write's, and this batch's, changes on top.</summary>
public sealed class Transaction
{
    private readonly Func<ObjectKey, StoredObject?> committed;
    private readonly Func<string, IEnumerable<StoredObject>> listed;
    private readonly Dictionary<ObjectKey, StoredObject?> changed = [];
    private readonly List<Change> changes = [];

    internal Transaction(
        Func<ObjectKey, StoredObject?> committed, Func<string, IEnumerable<StoredObject>> listed, long resourceVersion)
    {
        this.committed = committed;
        this.listed = listed;
        ResourceVersion = resourceVersion;
    }

    public IReadOnlyList<Change> Changes => changes;

    public long ResourceVersion { get; private set; }

    /// <summary>Set for a dry run: everything is worked out and nothing is kept.</summary>
    public bool Discard { get; set; }

    public StoredObject? Find(ObjectKey key) => changed.TryGetValue(key, out var found) ? found : committed(key);

    /// <summary>Every object of a resource as this write sees it, in no order.</summary>
    public IEnumerable<StoredObject> List(string resource) => listed(resource)
        .Where(stored => !changed.ContainsKey(stored.Key))
        .Concat(changed.Values.OfType<StoredObject>().Where(stored => stored.Key.Resource == resource));

    /// <summary>Stores the object under the next resourceVersion; an unchanged object stays as it is.</summary>
    public StoredObject Put(ObjectKey key, JsonObject body)
    {
        var previous = Find(key);
        if (previous is not null && SameAs(previous, body))
        {
            return previous;
        }

        body.Metadata["resourceVersion"] = Next();
        var stored = StoredObject.From(key, body);
        changed[key] = stored;
        changes.Add(new Change(previous is null ? ChangeKind.Added : ChangeKind.Modified, stored, previous));
        return stored;
    }

    public StoredObject Remove(StoredObject previous) => Remove(previous, previous.Body());

    /// <summary>Removes an object, showing watchers a last state that differs from the stored one.</summary>
    public StoredObject Remove(StoredObject previous, JsonObject last)
    {
        last.Metadata["resourceVersion"] = Next();
        var gone = StoredObject.From(previous.Key, last);
        changed[previous.Key] = null;
        changes.Add(new Change(ChangeKind.Deleted, gone, previous));
        return gone;
    }

    private static bool SameAs(StoredObject previous, JsonObject body)
    {
        body.Metadata["resourceVersion"] = previous.ResourceVersion.ToString(CultureInfo.InvariantCulture);
        return JsonNode.DeepEquals(previous.Body(), body);
    }

    private string Next() => (++ResourceVersion).ToString(CultureInfo.InvariantCulture);
}
