// What one write did to one object.
namespace ServerlessEventing.Local.Kubernetes.Storage;

public enum ChangeKind
{
    Added,
    Modified,
    Deleted,
}

/// <summary>A committed change; a deletion carries the last state under the resourceVersion of the deletion.</summary>
public sealed record Change(ChangeKind Kind, StoredObject Object, StoredObject? Previous)
{
    public long ResourceVersion => Object.ResourceVersion;
}
