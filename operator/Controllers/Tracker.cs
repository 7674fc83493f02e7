// Remembers who refers to what, so that a change of the one wakes the other.
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Controllers;

/// <summary>
/// A Trigger refers to its subscriber, a Broker to its dead-letter sink: such references are noted on each reconcile
/// and cross kinds and namespaces. What an object no longer refers to is forgotten when it is tracked anew.
/// </summary>
public sealed class Tracker
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ObjectRef, HashSet<ObjectRef>> _referrers = [];
    private readonly Dictionary<ObjectRef, HashSet<ObjectRef>> _targets = [];

    /// <summary>Notes everything <paramref name="referrer"/> refers to now; an empty list forgets it.</summary>
    public void Set(ObjectRef referrer, IReadOnlyCollection<ObjectRef> targets)
    {
        lock (_gate)
        {
            if (_targets.Remove(referrer, out var before))
            {
                foreach (var target in before)
                {
                    if (_referrers.TryGetValue(target, out var set) && set.Remove(referrer) && set.Count == 0)
                    {
                        _referrers.Remove(target);
                    }
                }
            }

            if (targets.Count == 0)
            {
                return;
            }

            _targets[referrer] = [.. targets];
            foreach (var target in targets)
            {
                if (!_referrers.TryGetValue(target, out var set))
                {
                    _referrers[target] = set = [];
                }

                set.Add(referrer);
            }
        }
    }

    /// <summary>Who refers to <paramref name="target"/>.</summary>
    public IReadOnlyList<ObjectRef> ReferrersOf(ObjectRef target)
    {
        lock (_gate)
        {
            return _referrers.TryGetValue(target, out var set) ? [.. set] : [];
        }
    }
}
