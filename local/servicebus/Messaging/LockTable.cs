// The messages of a mailbox that receivers hold, by lock token.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Guarded by its mailbox.</summary>
internal sealed class LockTable
{
    private readonly Dictionary<Guid, MessageLock> _locks = [];
    private readonly Dictionary<MessageEntry, (Guid Token, MessageLock Lock)> _suspended = [];
    private long _nextCheck = long.MaxValue;

    public (Guid Token, long Until) Add(MessageEntry entry, long until, MessageSession? session)
    {
        var token = Guid.NewGuid();
        var held = new MessageLock(entry, until, session);
        _locks.Add(token, held);
        _nextCheck = Math.Min(_nextCheck, held.Until);
        return (token, held.Until);
    }

    /// <summary>
    /// The message that was held; null when it no longer is. One that ran out is left for the sweep; one that may resume
    /// is kept until it does, or is settled.
    /// </summary>
    public MessageEntry? End(Guid token, long now, bool mayResume)
    {
        if (!_locks.TryGetValue(token, out var held) || held.Until <= now)
        {
            return null;
        }

        _locks.Remove(token);
        if (mayResume)
        {
            _suspended[held.Entry] = (token, held);
        }

        return held.Entry;
    }

    /// <summary>A transaction was rolled back: the message is held as it was, perhaps not for long.</summary>
    public bool TryResume(MessageEntry entry)
    {
        if (!_suspended.Remove(entry, out var suspended))
        {
            return false;
        }

        _locks.Add(suspended.Token, suspended.Lock);
        _nextCheck = 0;
        entry.State = EntryState.Locked;
        return true;
    }

    public void Settled(MessageEntry entry) => _suspended.Remove(entry);

    /// <summary>The new end; null when it is no longer held.</summary>
    public long? Renew(Guid token, long now, long until)
    {
        if (!_locks.TryGetValue(token, out var held) || held.Until <= now)
        {
            return null;
        }

        held.Renew(until);
        return held.Until;
    }

    public void Forget(Guid token, MessageEntry entry)
    {
        _locks.Remove(token);
        _suspended.Remove(entry);
    }

    /// <summary>Ends all locks of a session, for whoever held it let go of it.</summary>
    public List<MessageEntry> End(MessageSession session)
    {
        LeaveSuspended(session);
        var ended = _locks.Where(pair => pair.Value.Session == session).ToList();
        ended.ForEach(pair => _locks.Remove(pair.Key));
        return ended.ConvertAll(pair => pair.Value.Entry);
    }

    /// <summary>The session's lock ran out, and these with it; the next sweep finds them.</summary>
    public void Leave(MessageSession session)
    {
        foreach (var held in _locks.Values)
        {
            held.Leave(session);
        }

        LeaveSuspended(session);
        _nextCheck = 0;
    }

    /// <summary>Takes the messages whose locks ran out, Busy.</summary>
    public void Sweep(long now, List<MessageEntry> expired)
    {
        if (now < _nextCheck)
        {
            return;
        }

        _nextCheck = long.MaxValue;
        foreach (var (token, held) in _locks)
        {
            if (held.Until <= now)
            {
                _locks.Remove(token);
                held.Entry.State = EntryState.Busy;
                expired.Add(held.Entry);
            }
            else
            {
                _nextCheck = Math.Min(_nextCheck, held.Until);
            }
        }
    }

    private void LeaveSuspended(MessageSession session)
    {
        foreach (var (_, held) in _suspended.Values)
        {
            held.Leave(session);
        }
    }
}
