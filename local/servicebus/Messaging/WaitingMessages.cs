// The messages of a mailbox that nobody holds: ready, waiting for their time, or counting down to their end.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// Ready ones of a session stand in their session's line, others in the one of all. Guarded by its mailbox.
/// </summary>
internal sealed class WaitingMessages(SessionTable sessions)
{
    private readonly ReadyLine _ready = new();
    private readonly Timeline _scheduled = new();
    private readonly Timeline _expiring = new();
    private readonly PriorityQueue<(MessageEntry Entry, bool InSession), long> _lagging = new();

    public Quirks? Quirks { get; set; }

    public static void Claim(MessageEntry entry, EntryState expected, List<MessageEntry> into)
    {
        if (entry.State == expected)
        {
            entry.State = EntryState.Busy;
            into.Add(entry);
        }
    }

    /// <summary>The line that a receiver is served from.</summary>
    public ReadyLine LineOf(Receiver receiver) => receiver.Session?.Ready ?? _ready;

    public void Arrived(MessageEntry entry, bool inSession)
    {
        if (inSession && entry.State != EntryState.Scheduled)
        {
            sessions.Arrived(entry);
        }

        Wait(entry, inSession, returned: false);
    }

    /// <summary>Back to where it belongs.</summary>
    public void Returned(MessageEntry entry, bool inSession)
    {
        entry.State = entry.Home;
        Wait(entry, inSession, returned: true);
    }

    /// <summary>Call after an entry's state became Gone.</summary>
    public void Gone(MessageEntry entry, bool inSession)
    {
        if (entry.Home == EntryState.Scheduled)
        {
            _scheduled.OneGone(entry);
            return;
        }

        _expiring.OneGone(entry);
        if (inSession)
        {
            sessions.Left(entry);
        }
    }

    /// <summary>Claims what is due and what has lived too long; true when something became ready.</summary>
    public bool Sweep(long now, List<MessageEntry> due, List<MessageEntry> expired)
    {
        var ready = false;
        while (_lagging.TryPeek(out var late, out var at) && at <= now)
        {
            _lagging.Dequeue();
            if (late.Entry.State == EntryState.Active)
            {
                MakeReady(late.Entry, late.InSession, returned: true);
                ready = true;
            }
        }

        while (_scheduled.TryTake(now, out var entry))
        {
            Claim(entry, EntryState.Scheduled, due);
        }

        while (_expiring.TryTake(now, out var entry))
        {
            Claim(entry, EntryState.Active, expired);
        }

        return ready;
    }

    private void Wait(MessageEntry entry, bool inSession, bool returned)
    {
        if (entry.State == EntryState.Scheduled)
        {
            _scheduled.Add(entry, Quirks?.Scheduled(entry.DueTime) ?? entry.DueTime);
            return;
        }

        if (entry.ExpiresAt > 0)
        {
            _expiring.Add(entry, entry.ExpiresAt);
        }

        if (entry.State != EntryState.Active)
        {
            return;
        }

        if (!returned && entry.Hops > 0 && Quirks is not null)
        {
            _lagging.Enqueue((entry, inSession), entry.EnqueuedTime + Quirks.ForwardLag());
            return;
        }

        MakeReady(entry, inSession, returned);
    }

    private void MakeReady(MessageEntry entry, bool inSession, bool returned)
    {
        if (inSession)
        {
            sessions.Ready(entry, returned);
        }
        else if (returned)
        {
            _ready.Return(entry);
        }
        else
        {
            _ready.Add(entry);
        }
    }
}
