// Strategic merge patch: lists of built-in kinds merge by their keys.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Patches;

/// <summary>
/// Merge patch with `$patch: replace|delete|merge`, `$retainKeys`, `$deleteFromPrimitiveList/x` and
/// `$setElementOrder/x`; which lists merge, and by which key, comes from the schema.
/// </summary>
public static class StrategicMergePatch
{
    private const string DeleteFrom = "$deleteFromPrimitiveList/";
    private const string OrderOf = "$setElementOrder/";

    public static void Apply(JsonObject target, JsonObject patch, Schema schema)
    {
        var directive = patch.Text("$patch");
        if (directive is "replace" or "delete")
        {
            target.Clear();
        }

        if (patch["$retainKeys"] is JsonArray retained)
        {
            var names = ObjectFields.Texts(retained);
            foreach (var (name, _) in target.Where(pair => !names.Contains(pair.Key)).ToList())
            {
                target.Remove(name);
            }
        }

        var orders = new Dictionary<string, List<JsonNode?>>();
        foreach (var (name, change) in patch)
        {
            if (name.StartsWith(DeleteFrom, StringComparison.Ordinal))
            {
                DeletePrimitives(target[name[DeleteFrom.Length..]] as JsonArray, change as JsonArray);
            }
            else if (!name.StartsWith('$'))
            {
                var before = target[name] is JsonArray list ? list.Select(item => item?.DeepClone()).ToList() : [];
                ApplyField(target, name, change, schema.Field(name) ?? Schema.Anything);
                if (schema.Field(name) is { ListKind: not ListKind.Atomic } merged
                    && !patch.ContainsKey(OrderOf + name))
                {
                    Order(target[name] as JsonArray, change as JsonArray, before, merged);
                }
                else
                {
                    orders[name] = before;
                }
            }
        }

        foreach (var (name, order) in patch.Where(pair => pair.Key.StartsWith(OrderOf, StringComparison.Ordinal)))
        {
            var field = name[OrderOf.Length..];
            var list = target[field] as JsonArray;
            Order(list, order as JsonArray, orders.GetValueOrDefault(field) ?? [.. list ?? []], schema.Field(field));
        }
    }

    private static void ApplyField(JsonObject target, string name, JsonNode? change, Schema schema)
    {
        switch (change)
        {
            case null:
                target.Remove(name);
                break;
            case JsonObject inner:
                ApplyObject(target, name, inner, schema);
                break;
            case JsonArray items when schema.ListKind == ListKind.Map:
                MergeList(Array(target, name), items, schema);
                break;
            case JsonArray items when schema.ListKind == ListKind.Set:
                MergeSet(Array(target, name), items);
                break;
            default:
                target[name] = change.DeepClone();
                break;
        }
    }

    private static void ApplyObject(JsonObject target, string name, JsonObject inner, Schema schema)
    {
        if (inner.Text("$patch") == "delete")
        {
            target.Remove(name);
            return;
        }

        if (target[name] is not JsonObject)
        {
            target[name] = new JsonObject();
        }

        Apply(target.Child(name), inner, schema);
    }

    private static JsonArray Array(JsonObject target, string name)
    {
        if (target[name] is not JsonArray list)
        {
            target[name] = list = [];
        }

        return list;
    }

    private static void MergeList(JsonArray target, JsonArray items, Schema schema)
    {
        var key = schema.ListKeys[0];
        if (items.OfType<JsonObject>().Any(item => item.Text("$patch") == "replace"))
        {
            target.Clear();
        }

        foreach (var item in items.OfType<JsonObject>())
        {
            var at = IndexOf(target, key, item[key]);
            switch (item.Text("$patch"))
            {
                case "replace":
                    break;
                case "delete":
                    if (at >= 0)
                    {
                        target.RemoveAt(at);
                    }

                    break;
                default:
                    var merged = at >= 0 ? (JsonObject)target[at]! : [];
                    Apply(merged, item, schema.Items ?? Schema.Anything);
                    if (at < 0)
                    {
                        target.Add(merged);
                    }

                    break;
            }
        }
    }

    private static int IndexOf(JsonArray list, string key, JsonNode? value)
    {
        for (var at = 0; at < list.Count; at++)
        {
            if (list[at] is JsonObject item && JsonNode.DeepEquals(item[key], value))
            {
                return at;
            }
        }

        return -1;
    }

    private static void MergeSet(JsonArray target, JsonArray items)
    {
        foreach (var item in items.Where(item => !target.Any(have => JsonNode.DeepEquals(have, item))))
        {
            target.Add(item?.DeepClone());
        }
    }

    private static void DeletePrimitives(JsonArray? target, JsonArray? gone)
    {
        for (var at = (target?.Count ?? 0) - 1; at >= 0 && gone is not null; at--)
        {
            if (gone.Any(item => JsonNode.DeepEquals(item, target![at])))
            {
                target!.RemoveAt(at);
            }
        }
    }

    /// <summary>
    /// The items a patch names come in its order, the others in theirs; between the two the order from before the patch
    /// counts, where it knows both: so what a patch adds comes first.
    /// </summary>
    private static void Order(
        JsonArray? target, JsonArray? patch, IReadOnlyList<JsonNode?> before, Schema? schema)
    {
        if (target is null || patch is null)
        {
            return;
        }

        var key = schema?.ListKeys is [var first, ..] ? first : null;
        JsonNode? Identity(JsonNode? item) => key is not null && item is JsonObject value ? value[key] : item;
        static int Find(IReadOnlyList<JsonNode?> list, JsonNode? identity)
        {
            var at = 0;
            while (at < list.Count && !JsonNode.DeepEquals(list[at], identity))
            {
                at++;
            }

            return at < list.Count ? at : -1;
        }

        List<JsonNode?> wanted = [.. patch.Select(Identity)];
        List<JsonNode?> earlier = [.. before.Select(Identity)];
        var named = new Queue<JsonNode?>(target.Where(item => Find(wanted, Identity(item)) >= 0)
            .OrderBy(item => Find(wanted, Identity(item))));
        var others = new Queue<JsonNode?>(target.Where(item => Find(wanted, Identity(item)) < 0));
        target.Clear();
        while (named.Count + others.Count > 0)
        {
            var other = others.Count == 0 ? -1 : Find(earlier, Identity(others.Peek()));
            var next = named.Count == 0 ? int.MaxValue : Find(earlier, Identity(named.Peek()));
            target.Add(other >= 0 && other < next || named.Count == 0 ? others.Dequeue() : named.Dequeue());
        }
    }
}
