// An ordered set of stored messages with its receivers and locks: a queue, a bus subscription, or the DLQ of either.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// <code>
///            1 Add (committed)                   2 pump takes                    3 settle
///   disk ──► Scheduled ──due──► Active ────────► Locked ───────────────► Busy ──► Gone  (complete, dead-letter, move)
///                                 ▲                │ 4 lock expires        └────► Active (abandon) / Deferred
///                                 └────────────────┘
/// </code>
/// Everything here is memory guarded by one lock; nothing in it blocks, writes or calls a receiver.
/// </summary>
internal sealed class Mailbox(EntityNode owner, long id, string path, bool isDeadLetters)
{
    private readonly Lock _gate = new();
    private readonly EntryLog _log = new();
    private readonly ReadyLine _ready = new();
    private readonly Dictionary<Guid, MessageLock> _locks = [];
    private readonly PriorityQueue<MessageEntry, long> _scheduled = new();
    private readonly PriorityQueue<MessageEntry, long> _expiring = new();
    private readonly List<Receiver> _receivers = [];
    private uint _turn;
    private long _nextLockCheck = long.MaxValue;
    private long _bytes;
    private int _activeCount;
    private int _scheduledCount;
    private volatile MailboxSettings _settings = new();

    public EntityNode Owner { get; } = owner;

    public long Id { get; } = id;

    public string Path { get; } = path;

    public bool IsDeadLetters { get; } = isDeadLetters;

    /// <summary>Belongs to the journal's thread.</summary>
    public long LastSequence { get; set; }

    /// <summary>Written by the journal's thread when the entity is deleted; nothing is put here any more.</summary>
    public bool Deleted { get; set; }

    /// <summary>Called, outside any lock, when there may be something to deliver.</summary>
    public Action? Wake { get; set; }

    public MailboxSettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Active (also locked and deferred) and scheduled messages, as the management API counts them.</summary>
    public (int Active, int Scheduled) Counts()
    {
        lock (_gate)
        {
            return (_activeCount, _scheduledCount);
        }
    }

    public void Add(MessageEntry entry)
    {
        lock (_gate)
        {
            _log.Add(entry);
            Interlocked.Add(ref _bytes, entry.Size);
            if (entry.State == EntryState.Scheduled)
            {
                _scheduledCount++;
                _scheduled.Enqueue(entry, entry.DueTime);
                return;
            }

            _activeCount++;
            if (entry.ExpiresAt > 0)
            {
                _expiring.Enqueue(entry, entry.ExpiresAt);
            }

            if (entry.State == EntryState.Active)
            {
                _ready.Add(entry);
            }
        }

        Wake?.Invoke();
    }

    public void Attach(Receiver receiver)
    {
        lock (_gate)
        {
            _receivers.Add(receiver);
        }
    }

    /// <summary>Its locks stay until they expire, as on Azure.</summary>
    public void Detach(Receiver receiver)
    {
        lock (_gate)
        {
            _receivers.Remove(receiver);
        }
    }

    /// <summary>The mailbox's receivers, all detached: the entity is going.</summary>
    public Receiver[] DetachAll()
    {
        lock (_gate)
        {
            var all = _receivers.ToArray();
            _receivers.Clear();
            return all;
        }
    }

    /// <summary>A flow from the receiver: credit counts from the deliveries it had seen when it wrote it.</summary>
    public void SetCredit(Receiver receiver, uint seenDeliveries, uint linkCredit, bool drain)
    {
        lock (_gate)
        {
            var credit = unchecked((int)(seenDeliveries + linkCredit - receiver.DeliveryCount));
            receiver.Credit = (uint)Math.Max(credit, 0);
            receiver.Drain = drain;
        }

        Wake?.Invoke();
    }

    /// <summary>
    /// Takes up to <paramref name="limit"/> messages for receivers that have credit, in turn; those whose time to live
    /// has passed are set apart, Busy, in <paramref name="expired"/>.
    /// </summary>
    public void Take(
        int limit, long now, List<(Receiver Receiver, Delivery Delivery)> into, List<MessageEntry> expired)
    {
        lock (_gate)
        {
            while (into.Count < limit && NextReceiver() is { } receiver && _ready.Take() is { } entry)
            {
                if (entry.ExpiresAt > 0 && entry.ExpiresAt <= now)
                {
                    Claim(entry, EntryState.Active, expired);
                    continue;
                }

                receiver.Credit--;
                receiver.DeliveryCount++;
                receiver.OnTheWay++;
                into.Add((receiver, receiver.ReceiveAndDelete ? TakeAway(entry) : Lock(entry, now)));
            }
        }
    }

    /// <summary>Receivers that asked to drain and for whom nothing is left.</summary>
    public List<(Receiver Receiver, uint DeliveryCount)> TakeDrained()
    {
        var drained = new List<(Receiver, uint)>();
        lock (_gate)
        {
            foreach (var receiver in _receivers)
            {
                if (receiver.Drain && receiver.OnTheWay == 0 && (receiver.Credit == 0 || _ready.IsEmpty()))
                {
                    receiver.DeliveryCount += receiver.Credit;
                    receiver.Credit = 0;
                    receiver.Drain = false;
                    drained.Add((receiver, receiver.DeliveryCount));
                }
            }
        }

        return drained;
    }

    public void HandedOver(Receiver receiver)
    {
        lock (_gate)
        {
            receiver.OnTheWay--;
        }
    }

    /// <summary>Ends a lock for a settlement that is now written; null when it is no longer held.</summary>
    public MessageEntry? TakeLocked(Guid token, long now)
    {
        lock (_gate)
        {
            if (!_locks.Remove(token, out var held) || held.Until <= now)
            {
                if (held is not null)
                {
                    // Expired a moment ago; the sweep must still find it.
                    _locks.Add(token, held);
                }

                return null;
            }

            held.Entry.State = EntryState.Busy;
            return held.Entry;
        }
    }

    /// <summary>The new end of the lock; null when it is no longer held.</summary>
    public long? Renew(Guid token, long now)
    {
        lock (_gate)
        {
            if (!_locks.TryGetValue(token, out var held) || held.Until <= now)
            {
                return null;
            }

            held.Until = now + (long)Settings.LockDuration.TotalMilliseconds;
            return held.Until;
        }
    }

    /// <summary>
    /// Back where it was: after an abandon, an expired lock, or a settlement that could not be written.
    /// </summary>
    public void Return(MessageEntry entry)
    {
        lock (_gate)
        {
            entry.State = entry.Home;
            if (entry.State == EntryState.Active)
            {
                _ready.Return(entry);
            }
            else if (entry.State == EntryState.Scheduled)
            {
                _scheduled.Enqueue(entry, entry.DueTime);
            }

            if (entry.ExpiresAt > 0 && entry.State != EntryState.Scheduled)
            {
                _expiring.Enqueue(entry, entry.ExpiresAt);
            }
        }

        Wake?.Invoke();
    }

    public void Remove(MessageEntry entry)
    {
        lock (_gate)
        {
            if (entry.State == EntryState.Gone)
            {
                return;
            }

            if (entry.Home == EntryState.Scheduled)
            {
                _scheduledCount--;
            }
            else
            {
                _activeCount--;
            }

            entry.State = EntryState.Gone;
            Interlocked.Add(ref _bytes, -entry.Size);
            _log.OneGone();
        }
    }

    /// <summary>A copy of what peeking shows, from a sequence number on.</summary>
    public List<(MessageEntry Entry, Wire.DeliveryFacts Facts, byte[]? Overlay)> Peek(long from, int count, long now)
    {
        lock (_gate)
        {
            return _log.From(from)
                .Where(entry => entry.State != EntryState.Busy && (entry.ExpiresAt == 0 || entry.ExpiresAt > now))
                .Take(count)
                .Select(entry => (entry, entry.Facts(lockedUntil: 0), entry.Overlay))
                .ToList();
        }
    }

    /// <summary>Locks deferred messages by number; null when one of them is not there (then none is locked).</summary>
    public List<Delivery>? TakeDeferred(IReadOnlyList<long> sequences, long now)
    {
        lock (_gate)
        {
            var found = sequences.Select(_log.Find).ToList();
            return found.All(entry => entry is { State: EntryState.Deferred })
                ? found.ConvertAll(entry => Lock(entry!, now))
                : null;
        }
    }

    /// <summary>Takes one scheduled message for cancelling; null when it is not (or no longer) scheduled.</summary>
    public MessageEntry? TakeScheduled(long sequence)
    {
        lock (_gate)
        {
            if (_log.Find(sequence) is not { State: EntryState.Scheduled } entry)
            {
                return null;
            }

            entry.State = EntryState.Busy;
            return entry;
        }
    }

    /// <summary>Collects what time has changed; each collected entry is Busy until it is returned or removed.</summary>
    public void Sweep(long now, List<MessageEntry> lockExpired, List<MessageEntry> due, List<MessageEntry> expired)
    {
        lock (_gate)
        {
            SweepLocks(now, lockExpired);
            while (_scheduled.TryPeek(out var entry, out var at) && at <= now)
            {
                _scheduled.Dequeue();
                Claim(entry, EntryState.Scheduled, due);
            }

            while (_expiring.TryPeek(out var entry, out var at) && at <= now)
            {
                _expiring.Dequeue();
                Claim(entry, EntryState.Active, expired);
            }
        }
    }

    /// <summary>Every entry, for deleting the mailbox.</summary>
    public List<MessageEntry> All()
    {
        lock (_gate)
        {
            return _log.From(long.MinValue).ToList();
        }
    }

    private static void Claim(MessageEntry entry, EntryState expected, List<MessageEntry> into)
    {
        if (entry.State == expected)
        {
            entry.State = EntryState.Busy;
            into.Add(entry);
        }
    }

    private static Delivery Describe(Mailbox mailbox, MessageEntry entry, Guid token, long until) =>
        new(mailbox, entry, token, entry.Facts(until)) { Overlay = entry.Overlay };

    private void SweepLocks(long now, List<MessageEntry> lockExpired)
    {
        if (now < _nextLockCheck)
        {
            return;
        }

        _nextLockCheck = long.MaxValue;
        foreach (var (token, held) in _locks)
        {
            if (held.Until <= now)
            {
                _locks.Remove(token);
                held.Entry.State = EntryState.Busy;
                lockExpired.Add(held.Entry);
            }
            else
            {
                _nextLockCheck = Math.Min(_nextLockCheck, held.Until);
            }
        }
    }

    private Delivery Lock(MessageEntry entry, long now)
    {
        var held = new MessageLock(entry, now + (long)Settings.LockDuration.TotalMilliseconds);
        var token = Guid.NewGuid();
        _locks.Add(token, held);
        _nextLockCheck = Math.Min(_nextLockCheck, held.Until);
        entry.State = EntryState.Locked;
        return Describe(this, entry, token, held.Until);
    }

    private Delivery TakeAway(MessageEntry entry)
    {
        entry.State = EntryState.Busy;
        return Describe(this, entry, Guid.NewGuid(), until: 0);
    }

    private Receiver? NextReceiver()
    {
        for (var tried = 0; tried < _receivers.Count; tried++)
        {
            var receiver = _receivers[(int)(_turn++ % (uint)_receivers.Count)];
            if (receiver.Credit > 0 && receiver.HasRoom)
            {
                return receiver;
            }
        }

        return null;
    }

    private sealed class MessageLock(MessageEntry entry, long until)
    {
        public MessageEntry Entry { get; } = entry;

        public long Until { get; set; } = until;
    }
}
