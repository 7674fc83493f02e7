// One gate an egress; they outlive a change of the routing table.
using System.Collections.Concurrent;

namespace ServerlessEventing.Functions.Delivery;

internal sealed class EgressGates(int maxConcurrentCalls, TimeProvider time)
{
    /// <summary>An egress may hold an eighth of an instance's calls, and have three times as many waiting.</summary>
    private const int Share = 8;

    private const int WaitingPerPermit = 3;
    private const int PruneAbove = 4096;

    private readonly int permits = Math.Max(1, maxConcurrentCalls / Share);
    private readonly ConcurrentDictionary<string, EgressGate> gates = new(StringComparer.Ordinal);

    public EgressGate Of(string egress)
    {
        if (gates.TryGetValue(egress, out var gate))
        {
            return gate;
        }

        Prune();
        return gates.GetOrAdd(
            egress,
            static (_, self) => new(self.permits, self.permits * WaitingPerPermit, self.time),
            (permits, time));
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
