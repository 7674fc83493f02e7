// Message-ids that an entity has seen lately, for duplicate detection.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// In memory and in the store: what is claimed here is written with the message itself, so a restart forgets nothing
/// that was accepted. Bounded by the window; ids beyond <see cref="Limit"/> push the oldest out.
/// <code>
///   new id ─► claimed ─┬─ message on disk ─► seen: from here on the id is a duplicate
///                      └─ refused ─────────► forgotten
/// </code>
/// Who brings an id that another has claimed waits for that end: were it a duplicate at once, its sender could be told
/// "accepted" of a message that nobody has.
/// </summary>
internal sealed class DuplicateWindow(long entity)
{
    private const int Limit = 1_000_000;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DuplicateClaim> _claimed = new(StringComparer.Ordinal);
    private readonly Queue<(string Id, long Until)> _order = new();

    public long Entity { get; } = entity;

    public void Load(string id, long until)
    {
        lock (_gate)
        {
            _seen[id] = until;
            _order.Enqueue((id, until));
        }
    }

    /// <summary>
    /// A claim for a new id, to be written and settled by <paramref name="owner"/>, or the claim that another has on
    /// it; null for a duplicate, which a claim of the owner's own makes it, too.
    /// </summary>
    public DuplicateClaim? Claim(string id, long now, TimeSpan window, object owner)
    {
        var until = now + (long)window.TotalMilliseconds;
        lock (_gate)
        {
            Forget(now);
            if (_claimed.TryGetValue(id, out var present))
            {
                return present.Owner == owner ? null : present;
            }

            if (!_seen.TryAdd(id, until))
            {
                return null;
            }

            _order.Enqueue((id, until));
            return _claimed[id] = new DuplicateClaim(this, id, until, owner);
        }
    }

    /// <summary>Ends a claim: its message is on disk, or was not accepted after all.</summary>
    public void Settle(DuplicateClaim claim, bool isWritten)
    {
        List<Action> waiting;
        lock (_gate)
        {
            if (!_claimed.TryGetValue(claim.Id, out var present) || present != claim)
            {
                return;
            }

            _claimed.Remove(claim.Id);
            if (!isWritten)
            {
                _seen.Remove(claim.Id);
            }

            waiting = claim.Waiting;
        }

        waiting.ForEach(then => then());
    }

    /// <summary>Calls <paramref name="then"/> once the claim is settled, or now if it is.</summary>
    public void WhenSettled(DuplicateClaim claim, Action then)
    {
        lock (_gate)
        {
            if (_claimed.TryGetValue(claim.Id, out var present) && present == claim)
            {
                claim.Waiting.Add(then);
                return;
            }
        }

        then();
    }

    private void Forget(long now)
    {
        while (_order.TryPeek(out var oldest) && (oldest.Until <= now || _order.Count > Limit))
        {
            _order.Dequeue();
            if (_seen.TryGetValue(oldest.Id, out var until) && until == oldest.Until)
            {
                _seen.Remove(oldest.Id);
            }
        }
    }
}

/// <summary>An id that is to be written with its message, by one publish, move or transaction.</summary>
internal sealed class DuplicateClaim(DuplicateWindow window, string id, long until, object owner)
{
    public DuplicateWindow Window => window;

    public string Id => id;

    public long Until => until;

    public object Owner => owner;

    /// <summary>Under the window's lock.</summary>
    public List<Action> Waiting { get; } = [];

    public void Keep() => window.Settle(this, isWritten: true);

    public void Withdraw() => window.Settle(this, isWritten: false);

    public void WhenSettled(Action then) => window.WhenSettled(this, then);
}
