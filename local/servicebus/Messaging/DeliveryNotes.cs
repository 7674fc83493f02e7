// Which deliveries the disk has not heard of: those of messages that receivers hold.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// A lock that is lost with the process counts as a delivery, as one that expires does; so what is held longer than a
/// moment is written down. Most messages are settled sooner and cost nothing. Guarded by its mailbox.
/// </summary>
internal sealed class DeliveryNotes
{
    private const long Moment = 100;
    private readonly Queue<(MessageEntry Entry, long At)> _fresh = new();
    private readonly List<MessageEntry> _uncounted = [];

    public void Locked(MessageEntry entry, long now)
    {
        entry.IsNoted = false;
        _fresh.Enqueue((entry, now + Moment));
    }

    /// <summary>Given back without being counted: a note of it was too early.</summary>
    public void Uncounted(MessageEntry entry)
    {
        if (entry.IsNoted)
        {
            _uncounted.Add(entry);
        }
    }

    /// <summary>Those to be written down, or written down again.</summary>
    public void Take(long now, List<MessageEntry> into)
    {
        into.AddRange(_uncounted);
        _uncounted.Clear();
        while (_fresh.TryPeek(out var next) && next.At <= now)
        {
            _fresh.Dequeue();
            if (next.Entry is { State: EntryState.Locked, IsNoted: false })
            {
                next.Entry.IsNoted = true;
                into.Add(next.Entry);
            }
        }
    }
}
