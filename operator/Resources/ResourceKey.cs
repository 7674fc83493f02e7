// Which object is meant, within a kind and across kinds.
namespace ServerlessEventing.Operator.Resources;

/// <summary>An object within its kind; the namespace is empty for cluster-scoped kinds.</summary>
public readonly record struct ResourceKey(string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}

/// <summary>An object across kinds.</summary>
public readonly record struct ObjectRef(GroupKind Kind, ResourceKey Key)
{
    public ObjectRef(GroupKind kind, string @namespace, string name) : this(kind, new ResourceKey(@namespace, name))
    {
    }

    public override string ToString() => $"{Kind} {Key}";
}
