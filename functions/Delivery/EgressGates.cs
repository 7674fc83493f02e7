// One gate an egress; they outlive a change of the routing table.
using System.Collections.Concurrent;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Functions.Delivery;

internal sealed class EgressGates(int maxConcurrentCalls, TimeProvider time)
{
    private const int PartsOfAnInstance = 8;
    private const int PruneAbove = 4096;

    private readonly ConcurrentDictionary<string, EgressGate> gates = new(StringComparer.Ordinal);

    /// <summary>How many of an instance's calls one egress may hold at most: an eighth.</summary>
    public int Share { get; } = Math.Max(1, maxConcurrentCalls / PartsOfAnInstance);

    /// <summary>The gate of an egress, as wide as the egress allows now.</summary>
    public EgressGate Of(Egress egress)
    {
        var most = egress.Parallelism is { } asked ? Math.Clamp(asked, 1, Share) : Share;
        if (!gates.TryGetValue(egress.Uid, out var gate))
        {
            Prune();
            gate = gates.GetOrAdd(egress.Uid, static (_, self) => new(self.most, self.time), (most, time));
        }

        gate.Allow(most);
        return gate;
    }

    // Egresses come and go; a gate made anew has only forgotten how fast its subscriber was.
    private void Prune()
    {
        if (gates.Count < PruneAbove)
        {
            return;
        }

        foreach (var (egress, gate) in gates)
        {
            if (gate.Idle)
            {
                gates.TryRemove(egress, out _);
            }
        }
    }
}
