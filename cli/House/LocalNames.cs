// Which local port stands for which cluster name.
using System.Collections.Concurrent;
using System.Diagnostics;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Local.Workloads.Addresses;

namespace ServerlessEventing.Cli.House;

/// <summary>
/// Cluster names as the house knows them. A Service with a selector is a workload that runs here, or nowhere; every
/// other <c>.svc</c> name is a Broker's or Channel's, and the function app tells whether it exists.
/// </summary>
internal sealed class LocalNames(
    int functionAppPort, Func<string, string, ServiceAddress?> findWorkload, TimeProvider time)
{
    /// <summary>How long a request waits for a workload that is being started: no start takes longer.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, int> turns = new();

    /// <summary>The port behind a host, replicas in turn, or what to tell the caller.</summary>
    public async Task<(int? Port, string? Problem)> FindAsync(string host, CancellationToken cancellationToken)
    {
        var name = Addresses.NormalizeHost(host);
        if (name.Split('.') is not [var service, var @namespace, "svc"])
        {
            return (null, $"\"{host}\" is not a cluster name; this proxy knows only name.namespace.svc.cluster.local.");
        }

        var since = Stopwatch.StartNew();
        while (name != Addresses.IngressHost && findWorkload(@namespace, service) is { } address)
        {
            if (address.Ports.Count > 0)
            {
                var turn = turns.AddOrUpdate(name, 0, (_, before) => (before + 1) & int.MaxValue);
                return (address.Ports[turn % address.Ports.Count], null);
            }

            if (!address.IsExpected || since.Elapsed > Hold)
            {
                return (null, $"Service {name} has no ready Pod here; kubectl describe deployment says why. A program "
                    + "of your own is reached when the subscriber is http://localhost:PORT.");
            }

            await Task.Delay(Poll, time, cancellationToken);
        }

        return (functionAppPort, null);
    }
}
