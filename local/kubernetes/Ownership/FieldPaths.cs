// Finds the fields of an object: which there are, which changed, and one by its path.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Schemas;

namespace ServerlessEventing.Local.Kubernetes.Ownership;

/// <summary>The schema says what is one field: atomic lists and maps are one, keyed lists are their items.</summary>
public static class FieldPaths
{
    /// <summary>Every field of an object that can have an owner.</summary>
    public static FieldSet Of(JsonObject body, Schema schema)
    {
        var set = new FieldSet();
        Collect(body, schema, set);
        return Strip(set);
    }

    /// <summary>The fields of an object that another version of it lacks or has a different value for.</summary>
    public static FieldSet Changed(JsonObject body, JsonObject old, Schema schema)
    {
        var set = new FieldSet();
        CollectChanged(body, old, schema, set);
        return Strip(set);
    }

    /// <summary>The edge of an item of a keyed list, or null when it lacks a key.</summary>
    public static string? ItemEdge(JsonNode? item, Schema list)
    {
        if (item is not JsonObject value)
        {
            return null;
        }

        var keys = new JsonObject();
        foreach (var name in list.ListKeys.Order(StringComparer.Ordinal))
        {
            if (KeyValue(value, name, list) is not { } key)
            {
                return null;
            }

            keys[name] = key.DeepClone();
        }

        return "k:" + keys.ToJsonString(ObjectFields.Compact);
    }

    /// <summary>The edge of an item of a set or of a keyed list, or null when it lacks a key.</summary>
    public static string? ListEdge(JsonNode? item, Schema list) =>
        list.ListKind == ListKind.Set ? ValueEdge(item) : ItemEdge(item, list);

    /// <summary>Where in a list an item's edge leads, or -1; without a schema defaults of keys are not known.</summary>
    public static int IndexOf(JsonArray list, string edge, Schema? schema = null)
    {
        var wanted = JsonNode.Parse(edge[2..]);
        for (var at = 0; at < list.Count; at++)
        {
            if (edge[0] == 'v'
                ? JsonNode.DeepEquals(list[at], wanted)
                : HasKeys(list[at], wanted as JsonObject, schema))
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>A path as conflicts show it: .spec.containers[name="c"].image.</summary>
    public static string Shown(IReadOnlyList<string> path) => string.Concat(path.Select(edge => edge[0] switch
    {
        'f' => $".{edge[2..]}",
        'v' => $"[={edge[2..]}]",
        _ => "[" + string.Join(",", (JsonNode.Parse(edge[2..]) as JsonObject ?? [])
            .Select(key => $"{key.Key}={key.Value?.ToJsonString(ObjectFields.Compact)}")) + "]",
    }));

    private static string ValueEdge(JsonNode? item) => "v:" + (item?.ToJsonString(ObjectFields.Compact) ?? "null");

    private static bool HasKeys(JsonNode? item, JsonObject? wanted, Schema? list) =>
        item is JsonObject value && wanted is not null
        && wanted.All(key => JsonNode.DeepEquals(KeyValue(value, key.Key, list), key.Value));

    /// <summary>A key that is left out has its default; a port without a protocol is a TCP port.</summary>
    private static JsonNode? KeyValue(JsonObject item, string name, Schema? list) =>
        item[name] ?? list?.Items?.Field(name)?.Default ?? (name == "protocol" ? JsonValue.Create("TCP") : null);

    private static bool IsGranular(JsonObject value, Schema schema) => value.Count > 0 && !schema.AtomicMap;

    private static bool IsKeyed(JsonArray list, Schema schema) => schema.ListKind == ListKind.Map && list.Count > 0
        && list.All(item => ItemEdge(item, schema) is not null);

    private static void Collect(JsonNode? node, Schema schema, FieldSet set)
    {
        switch (node)
        {
            case JsonObject value when IsGranular(value, schema):
                foreach (var (name, child) in value)
                {
                    var under = set.Under($"f:{name}");
                    Collect(child, schema.Field(name) ?? Schema.Anything, under);
                    under.Member |= !schema.Properties.ContainsKey(name);
                }

                break;
            case JsonArray list when IsKeyed(list, schema):
                foreach (var item in list)
                {
                    var under = set.Under(ItemEdge(item, schema)!);
                    Collect(item, schema.Items ?? Schema.Anything, under);
                    under.Member = true;
                }

                break;
            case JsonArray { Count: > 0 } list when schema.ListKind == ListKind.Set:
                foreach (var item in list)
                {
                    set.Under(ValueEdge(item)).Member = true;
                }

                break;
            default:
                set.Member = true;
                break;
        }
    }

    private static void CollectChanged(JsonNode? node, JsonNode? old, Schema schema, FieldSet set)
    {
        if (JsonNode.DeepEquals(node, old))
        {
            return;
        }

        switch (node)
        {
            case JsonObject value when old is JsonObject before && IsGranular(value, schema):
                foreach (var (name, child) in value)
                {
                    Descend(child, before.ContainsKey(name), before[name], schema.Field(name) ?? Schema.Anything,
                        $"f:{name}", set, memberToo: !schema.Properties.ContainsKey(name));
                }

                break;
            case JsonArray list when old is JsonArray before && IsKeyed(list, schema):
                foreach (var item in list)
                {
                    var edge = ItemEdge(item, schema)!;
                    var at = IndexOf(before, edge, schema);
                    Descend(item, at >= 0, at >= 0 ? before[at] : null, schema.Items ?? Schema.Anything, edge, set,
                        memberToo: true);
                }

                break;
            case JsonArray list when old is JsonArray before && schema.ListKind == ListKind.Set:
                foreach (var item in list.Where(item => !before.Any(had => JsonNode.DeepEquals(had, item))))
                {
                    set.Under(ValueEdge(item)).Member = true;
                }

                break;
            default:
                Collect(node, schema, set);
                break;
        }
    }

    private static void Descend(
        JsonNode? child, bool existed, JsonNode? before, Schema schema, string edge, FieldSet set, bool memberToo)
    {
        var under = new FieldSet();
        if (existed)
        {
            CollectChanged(child, before, schema, under);
        }
        else
        {
            Collect(child, schema, under);
            under.Member |= memberToo;
        }

        if (!under.IsEmpty)
        {
            var target = set.Under(edge);
            target.Member |= under.Member;
            foreach (var (inner, below) in under.Children)
            {
                Graft(target, inner, below);
            }
        }
    }

    private static void Graft(FieldSet target, string edge, FieldSet source)
    {
        var under = target.Under(edge);
        under.Member |= source.Member;
        foreach (var (inner, below) in source.Children)
        {
            Graft(under, inner, below);
        }
    }

    /// <summary>Nobody owns what identifies an object or what the server writes.</summary>
    private static FieldSet Strip(FieldSet set)
    {
        set.Drop("f:apiVersion");
        set.Drop("f:kind");
        if (set.Children.TryGetValue("f:metadata", out var metadata))
        {
            metadata.Member = false;
            foreach (var name in (string[])["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation",
                "managedFields", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"])
            {
                metadata.Drop($"f:{name}");
            }

            if (metadata.IsEmpty)
            {
                set.Drop("f:metadata");
            }
        }

        return set;
    }
}
