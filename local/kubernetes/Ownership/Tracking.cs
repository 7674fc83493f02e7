// Notes who owns the fields that an ordinary create, update or patch changed.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Ownership;

/// <summary>What a manager changes it owns from then on, and the others no longer do.</summary>
public static class Tracking
{
    public static void Update(
        JsonObject next, JsonObject? old, JsonObject sent, Schema schema, FieldManager manager, string now)
    {
        var managers = FieldManagers.ReadEither(sent, old);
        var before = old ?? [];
        var changed = FieldPaths.Changed(next, before, schema);
        if (old is not null)
        {
            var removed = FieldPaths.Of(old, schema).Except(FieldPaths.Of(next, schema));
            managers.TakeFromOthers(null, removed);
        }

        if (!changed.IsEmpty)
        {
            managers.TakeFromOthers(manager, changed);
            managers.Set(manager, managers.FieldsOf(manager).Union(changed), next.ApiVersion, now);
        }

        managers.Write(next);
    }
}
