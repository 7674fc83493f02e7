// Which Broker or Channel a request is meant for, told by its path, or at the root by its host name.
using ServerlessEventing.Functions.Routing;

namespace ServerlessEventing.Functions.Ingress;

/// <summary>The outcome of reading a request's address: a problem, or where to look the ingress up.</summary>
internal readonly record struct EventAddress(Problem? Problem, string? Path, string? Host)
{
    /// <summary>Reads <c>/ns/broker</c>, <c>/channels/ns/channel</c>, or <c>/</c> of a host of ours.</summary>
    public static EventAddress Read(string path, string host, RoutingModel model)
    {
        if (path is "" or "/")
        {
            return model.IngressOf(host) is null
                ? new(Problems.NothingAtRoot, null, null)
                : new(null, null, host);
        }

        var trimmed = path.Length > 1 && path[^1] == '/' ? path[..^1] : path;
        var segments = trimmed.AsSpan(1).Count('/') + 1;
        var channel = trimmed.StartsWith("/channels/", StringComparison.Ordinal) && segments == 3;
        return (segments == 2 || channel) && !trimmed.Contains("//", StringComparison.Ordinal) && trimmed[^1] != '/'
            ? new(null, trimmed, null)
            : new(Problems.BadPath, null, null);
    }

    /// <summary>The ingress at this address, or null.</summary>
    public IngressRoute? Find(RoutingModel model) =>
        Path is not null ? model.IngressAt(Path) : Host is not null ? model.IngressOf(Host) : null;
}
