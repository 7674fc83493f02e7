// What the API server calls a kind: group, version, plural, and the paths made of them.
namespace ServerlessEventing.Operator.Resources;

/// <summary>A kind as served by the API server.</summary>
public sealed record ResourceType(string Group, string Version, string Plural, string Kind, bool Namespaced = true)
{
    /// <summary>Which of its objects are watched; null: all. Other Deployments are no business of ours.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>The one namespace whose objects are watched; null: all.</summary>
    public string? OnlyNamespace { get; init; }

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Kind and group, without version: two versions of a kind are the same objects.</summary>
    public GroupKind GroupKind => new(Group, Kind);

    /// <summary>Plural and group, which no two kinds share: <c>channels.messaging.knative.dev</c>.</summary>
    public string FullName => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>The finalizer we put on objects of this kind, in Knative's form.</summary>
    public string Finalizer => FullName;

    /// <summary>Path of the collection (no name), an object, or a subresource of it.</summary>
    public string Path(string @namespace = "", string name = "", string subresource = "")
    {
        var path = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        if (Namespaced && @namespace.Length > 0)
        {
            path += $"/namespaces/{Uri.EscapeDataString(@namespace)}";
        }

        path += $"/{Plural}";
        path += name.Length > 0 ? $"/{Uri.EscapeDataString(name)}" : "";
        return subresource.Length > 0 ? $"{path}/{subresource}" : path;
    }
}

/// <summary>A kind whatever its version.</summary>
public readonly record struct GroupKind(string Group, string Kind)
{
    /// <summary>From an object's <c>apiVersion</c> and <c>kind</c>.</summary>
    public static GroupKind Of(string apiVersion, string kind)
    {
        var slash = apiVersion.IndexOf('/');
        return new GroupKind(slash < 0 ? "" : apiVersion[..slash], kind);
    }

    public override string ToString() => Group.Length == 0 ? Kind : $"{Kind}.{Group}";
}
