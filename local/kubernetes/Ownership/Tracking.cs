// Notes who owns the fields that an ordinary create, update or patch changed.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Ownership;

/// <summary>
/// What a manager changes it owns from then on, and the others no longer do. Of an object whose owners were all
/// forgotten nothing is noted until somebody applies.
/// </summary>
public static class Tracking
{
    public static void Update(
        JsonObject next, JsonObject? old, JsonObject sent, Schema schema, FieldOwner manager, string now)
    {
        var holders = FieldOwners.ReadEither(sent, old);
        if (old is not null && FieldOwners.Read(old).Owners.Count == 0 && holders.Owners.Count == 0)
        {
            next.Metadata.Remove("managedFields");
            return;
        }

        var before = old ?? [];
        var changed = FieldPaths.Changed(next, before, schema);
        if (old is not null)
        {
            var removed = FieldPaths.Of(old, schema).Except(FieldPaths.Of(next, schema));
            holders.TakeFromOthers(null, removed);
        }

        if (!changed.IsEmpty)
        {
            holders.TakeFromOthers(manager, changed);
            holders.Set(manager, holders.FieldsOf(manager).Union(changed), next.ApiVersion, now);
        }

        holders.Write(next);
    }
}
