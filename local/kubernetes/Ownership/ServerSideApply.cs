// Server-side apply: merges what a manager wants into an object, minding what others own.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Ownership;

/// <summary>
/// One apply:
/// <code>
///   (1) the fields wanted; what nobody is noted to own belongs to whoever wrote it before
///   (2) conflicts: wanted differently than another owner has it ──► 409, or taken over with force
///   (3) merge
///   (4) what this manager wanted last time, and nobody else owns, goes
///   (5) note the owners
/// </code>
/// </summary>
public static class ServerSideApply
{
    /// <summary>The merged object, its managedFields up to date; a Conflict that names each field otherwise.</summary>
    public static Result<JsonObject> Run(
        JsonObject? live, JsonObject wanted, Schema schema, FieldOwner manager, bool force, string now)
    {
        if (AppliedTwice.Find(wanted, schema) is { } twice)
        {
            return ApiStatus.CannotApply(wanted, twice);
        }

        var holders = FieldOwners.Read(live);
        if (live is not null && holders.Owners.Count == 0)
        {
            holders.Set(new FieldOwner("before-first-apply", FieldOwner.Update, "", live.ApiVersion),
                FieldPaths.Of(live, schema), live.ApiVersion, now);
        }

        var fields = FieldPaths.Of(wanted, schema);
        var current = live ?? [];
        var changed = FieldPaths.Changed(wanted, current, schema).Intersect(fields);
        var contested = holders.Owners.Where(owned => owned.Manager != manager)
            .Select(owned => (owned, Fields: owned.Fields.Intersect(changed)))
            .Where(pair => !pair.Fields.IsEmpty)
            .ToList();
        if (contested.Count > 0 && !force)
        {
            return Conflict([.. contested.SelectMany(pair => pair.Fields.Paths().Select(path => (pair.owned, path)))]);
        }

        var merged = (JsonObject)current.DeepClone();
        Merge(merged, wanted, schema);
        var dropped = holders.FieldsOf(manager).Except(fields);
        foreach (var owned in holders.Owners.Where(owned => owned.Manager != manager))
        {
            dropped = WithoutHeld(dropped, owned.Fields);
        }

        Remove(merged, dropped);
        contested.ForEach(pair => holders.TakeFromOthers(manager, pair.Fields));
        holders.Set(manager, fields, wanted.ApiVersion, now);
        holders.Write(merged);
        return merged;
    }

    private static ApiStatus Conflict(List<(Owned Owned, IReadOnlyList<string> Path)> conflicts)
    {
        static string By(Owned owned) => $"\"{owned.Manager.Name}\""
            + (owned.Manager.Subresource.Length > 0 ? $" with subresource \"{owned.Manager.Subresource}\"" : "")
            + (owned.Manager.Operation == FieldOwner.Update ? $" using {owned.ApiVersion}" : "");
        var groups = conflicts.GroupBy(conflict => By(conflict.Owned)).Select(group =>
        {
            var paths = group.Select(conflict => FieldPaths.Shown(conflict.Path)).ToList();
            return paths.Count == 1
                ? $"conflict with {group.Key}: {paths[0]}"
                : $"conflicts with {group.Key}:\n- {string.Join("\n- ", paths)}";
        });
        var many = conflicts.Count == 1 ? "1 conflict" : $"{conflicts.Count} conflicts";
        return new ApiStatus
        {
            Code = 409,
            Reason = "Conflict",
            Message = $"Apply failed with {many}: {string.Join("\n", groups)}",
            Causes =
            [
                .. conflicts.Select(conflict => new StatusCause("FieldManagerConflict",
                    $"conflict with {By(conflict.Owned)}", FieldPaths.Shown(conflict.Path))),
            ],
        };
    }

    private static void Merge(JsonObject target, JsonObject wanted, Schema schema)
    {
        foreach (var (name, value) in wanted)
        {
            var field = schema.Field(name) ?? Schema.Anything;
            switch (value)
            {
                case JsonObject inner when !field.AtomicMap && target[name] is JsonObject existing:
                    Merge(existing, inner, field);
                    break;
                case JsonArray list when field.ListKind != ListKind.Atomic && target[name] is JsonArray existing:
                    MergeList(existing, list, field);
                    break;
                default:
                    target[name] = value?.DeepClone();
                    break;
            }
        }
    }

    private static void MergeList(JsonArray target, JsonArray wanted, Schema schema)
    {
        foreach (var item in wanted)
        {
            var edge = FieldPaths.ListEdge(item, schema);
            var at = edge is null ? -1 : FieldPaths.IndexOf(target, edge, schema);
            if (at < 0)
            {
                target.Add(item?.DeepClone());
            }
            else if (item is JsonObject value && target[at] is JsonObject existing)
            {
                Merge(existing, value, schema.Items ?? Schema.Anything);
            }
        }
    }

    /// <summary>Takes out of a set what another owner has, and what it has something below of.</summary>
    private static FieldSet WithoutHeld(FieldSet dropped, FieldSet held)
    {
        var result = new FieldSet { Member = dropped.Member && held.IsEmpty };
        foreach (var (edge, child) in dropped.Children)
        {
            var kept = WithoutHeld(child, held.Children.GetValueOrDefault(edge) ?? new FieldSet());
            if (!kept.IsEmpty)
            {
                var under = result.Under(edge);
                under.Member = kept.Member;
                foreach (var (inner, below) in kept.Children)
                {
                    Copy(under.Under(inner), below);
                }
            }
        }

        return result;
    }

    private static void Copy(FieldSet target, FieldSet source)
    {
        target.Member = source.Member;
        foreach (var (edge, child) in source.Children)
        {
            Copy(target.Under(edge), child);
        }
    }

    /// <summary>Removes the members of a set; a map that is empty for it goes as well.</summary>
    private static void Remove(JsonNode node, FieldSet fields)
    {
        foreach (var (edge, below) in fields.Children)
        {
            switch (node)
            {
                case JsonObject value when value[edge[2..]] is { } child && edge[0] == 'f':
                    Remove(child, below);
                    if (below.Member || child is JsonObject { Count: 0 } or JsonArray { Count: 0 })
                    {
                        value.Remove(edge[2..]);
                    }

                    break;
                case JsonArray list when edge[0] != 'f' && FieldPaths.IndexOf(list, edge) is var at and >= 0:
                    Remove(list[at]!, below);
                    if (below.Member)
                    {
                        list.RemoveAt(at);
                    }

                    break;
            }
        }
    }
}
