// A set of field paths, as managedFields keeps them (FieldsV1).
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Kubernetes.Ownership;

/// <summary>A tree whose edges are `f:name`, `k:{key}` or `v:value`; a node may itself be a member.</summary>
public sealed class FieldSet
{
    private readonly SortedDictionary<string, FieldSet> children = new(StringComparer.Ordinal);

    public bool Member { get; set; }

    public bool IsEmpty => !Member && children.Count == 0;

    public IReadOnlyDictionary<string, FieldSet> Children => children;

    public static FieldSet FromJson(JsonObject? json)
    {
        var set = new FieldSet();
        foreach (var (name, value) in json ?? [])
        {
            if (name == ".")
            {
                set.Member = true;
                continue;
            }

            var child = FromJson(value as JsonObject);
            child.Member |= child.children.Count == 0;
            set.children[name] = child;
        }

        return set;
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject();
        if (Member && children.Count > 0)
        {
            json["."] = new JsonObject();
        }

        foreach (var (name, child) in children)
        {
            json[name] = child.ToJson();
        }

        return json;
    }

    /// <summary>The subset under an edge, made when missing.</summary>
    public FieldSet Under(string edge)
    {
        if (!children.TryGetValue(edge, out var child))
        {
            children[edge] = child = new FieldSet();
        }

        return child;
    }

    public FieldSet Union(FieldSet other)
    {
        var result = new FieldSet { Member = Member || other.Member };
        foreach (var (edge, child) in children)
        {
            result.children[edge] = other.children.TryGetValue(edge, out var same) ? child.Union(same) : child;
        }

        foreach (var (edge, child) in other.children)
        {
            result.children.TryAdd(edge, child);
        }

        return result;
    }

    public FieldSet Except(FieldSet other)
    {
        var result = new FieldSet { Member = Member && !other.Member };
        foreach (var (edge, child) in children)
        {
            result.Keep(edge, other.children.TryGetValue(edge, out var same) ? child.Except(same) : child);
        }

        return result;
    }

    public FieldSet Intersect(FieldSet other)
    {
        var result = new FieldSet { Member = Member && other.Member };
        foreach (var (edge, child) in children)
        {
            if (other.children.TryGetValue(edge, out var same))
            {
                result.Keep(edge, child.Intersect(same));
            }
        }

        return result;
    }

    /// <summary>Drops an edge and all below it.</summary>
    public void Drop(string edge) => children.Remove(edge);

    /// <summary>The members, each as its edges from the root.</summary>
    public IEnumerable<IReadOnlyList<string>> Paths() => Paths([]);

    public bool SameAs(FieldSet other) => Except(other).IsEmpty && other.Except(this).IsEmpty;

    private IEnumerable<IReadOnlyList<string>> Paths(List<string> prefix)
    {
        if (Member)
        {
            yield return prefix;
        }

        foreach (var (edge, child) in children)
        {
            foreach (var path in child.Paths([.. prefix, edge]))
            {
                yield return path;
            }
        }
    }

    private void Keep(string edge, FieldSet child)
    {
        if (!child.IsEmpty)
        {
            children[edge] = child;
        }
    }
}
