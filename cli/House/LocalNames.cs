// Which local port stands for which cluster name.
using System.Collections.Frozen;
using ServerlessEventing.Contract.Names;

namespace ServerlessEventing.Cli.House;

/// <summary>
/// Cluster names as the house knows them. A Service with a selector is a workload that runs here, or nowhere; every
/// other <c>.svc</c> name is a Broker's or Channel's, and the function app tells whether it exists.
/// </summary>
internal sealed class LocalNames(int functionAppPort)
{
    private volatile FrozenDictionary<string, int?> workloads = FrozenDictionary<string, int?>.Empty;

    /// <summary>Replaces what is known: host (<c>name.ns.svc</c>) to port, or null where nothing runs.</summary>
    public void Set(IEnumerable<KeyValuePair<string, int?>> hosts) => workloads = hosts.ToFrozenDictionary();

    /// <summary>The port behind a host, or what to tell the caller.</summary>
    public (int? Port, string? Problem) Find(string host)
    {
        var name = Addresses.NormalizeHost(host);
        if (!name.EndsWith(".svc", StringComparison.Ordinal))
        {
            return (null, $"\"{host}\" is not a cluster name; this proxy knows only name.namespace.svc.cluster.local.");
        }

        if (name == Addresses.IngressHost || !workloads.TryGetValue(name, out var port))
        {
            return (functionAppPort, null);
        }

        return port is not null
            ? (port, null)
            : (null, $"Service {name} selects no workload that runs here; locally only Deployments of the image "
                + "event-display run. Point the subscriber at http://localhost:PORT instead.");
    }
}
