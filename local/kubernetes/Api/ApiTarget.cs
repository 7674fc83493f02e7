// Which resource a URL names.
using ServerlessEventing.Local.Kubernetes.Kinds;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>A resource path taken apart; what is absent is empty.</summary>
public sealed record ApiTarget(ResourceType Type, string Namespace, string Name, string Subresource)
{
    /// <summary>Null when the path names nothing that is served.</summary>
    public static ApiTarget? Parse(Catalog.Snapshot catalog, ReadOnlySpan<string> segments)
    {
        string group;
        switch (segments)
        {
            case ["api", _, ..]:
                group = "";
                segments = segments[1..];
                break;
            case ["apis", var named, _, ..]:
                group = named;
                segments = segments[2..];
                break;
            default:
                return null;
        }

        var version = segments[0];
        segments = segments[1..];
        var @namespace = "";
        if (segments is ["namespaces", var inside, var plural, ..]
            && !(group.Length == 0 && plural is "status" or "finalize"))
        {
            @namespace = inside;
            segments = segments[2..];
        }

        if (segments.Length is 0 or > 3 || catalog.Find(group, version, segments[0]) is not { } type)
        {
            return null;
        }

        return type.Namespaced || @namespace.Length == 0
            ? new ApiTarget(type, @namespace, segments.Length > 1 ? segments[1] : "",
                segments.Length > 2 ? segments[2] : "")
            : null;
    }
}
