// Message-ids that an entity has seen lately, for duplicate detection.
using System.Diagnostics.CodeAnalysis;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// In memory and in the store: what is claimed here is written with the message itself, so a restart forgets nothing
/// that was accepted. Bounded by the window; ids beyond <see cref="Limit"/> push the oldest out.
/// </summary>
internal sealed class DuplicateWindow(long entity)
{
    private const int Limit = 1_000_000;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _seen = new(StringComparer.Ordinal);
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

    /// <summary>True, with a claim to be written, when the id is new; false for a duplicate.</summary>
    public bool TryClaim(string id, long now, TimeSpan window, [NotNullWhen(true)] out DuplicateClaim? claim)
    {
        var until = now + (long)window.TotalMilliseconds;
        lock (_gate)
        {
            Forget(now);
            if (!_seen.TryAdd(id, until))
            {
                claim = null;
                return false;
            }

            _order.Enqueue((id, until));
        }

        claim = new DuplicateClaim(this, id, until);
        return true;
    }

    /// <summary>The message was not accepted after all.</summary>
    public void Withdraw(string id)
    {
        lock (_gate)
        {
            _seen.Remove(id);
        }
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

/// <summary>An id that is to be written with its message.</summary>
internal sealed record DuplicateClaim(DuplicateWindow Window, string Id, long Until);
