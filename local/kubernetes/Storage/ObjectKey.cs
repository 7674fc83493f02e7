// Where an object is kept: its resource, namespace and name.
namespace ServerlessEventing.Local.Kubernetes.Storage;

/// <summary>The resource is `plural.group`, or just the plural in the core group.</summary>
public readonly record struct ObjectKey(string Resource, string Namespace, string Name) : IComparable<ObjectKey>
{
    public int CompareTo(ObjectKey other)
    {
        var order = string.CompareOrdinal(Resource, other.Resource);
        order = order != 0 ? order : string.CompareOrdinal(Namespace, other.Namespace);
        return order != 0 ? order : string.CompareOrdinal(Name, other.Name);
    }
}
