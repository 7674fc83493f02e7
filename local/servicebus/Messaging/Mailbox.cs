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
internal sealed class Mailbox
{
    private readonly Lock _gate = new();
    private readonly EntryLog _log = new();
    private readonly WaitingMessages _waiting;
    private readonly LockTable _locks = new();
    private readonly DeliveryNotes _notes = new();
    private readonly List<Receiver> _receivers = [];
    private readonly List<MessageEntry> _returnSoon = [];
    private uint _turn;
    private long _bytes;
    private int _activeCount;
    private int _scheduledCount;
    private volatile MailboxSettings _settings = new();

    public Mailbox(EntityNode owner, long id, string path, bool isDeadLetters)
    {
        Owner = owner;
        Id = id;
        Path = path;
        IsDeadLetters = isDeadLetters;
        Sessions = new SessionTable(_gate);
        _waiting = new WaitingMessages(Sessions);
    }

    public EntityNode Owner { get; }

    public long Id { get; }

    public string Path { get; }

    public SessionTable Sessions { get; }

    public bool IsDeadLetters { get; }

    /// <summary>Belongs to the journal's thread.</summary>
    public long LastSequence { get; set; }

    /// <summary>Written by the journal's thread when the entity is deleted; nothing is put here any more.</summary>
    public bool Deleted { get; set; }

    /// <summary>Set before the first message comes.</summary>
    public Quirks? Quirks
    {
        set => _waiting.Quirks = value;
    }

    /// <summary>Called, outside any lock, when there may be something to deliver.</summary>
    public Action? Wake { get; set; }

    public MailboxSettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    private long LockMilliseconds => (long)Settings.LockDuration.TotalMilliseconds;

    /// <summary>A glance, without the gate.</summary>
    public bool HasReceivers => _receivers.Count > 0;

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
        Load(entry);
        Wake?.Invoke();
    }

    /// <summary>From the store, before anybody could be there to receive it.</summary>
    public void Load(MessageEntry entry)
    {
        lock (_gate)
        {
            _log.Add(entry);
            Interlocked.Add(ref _bytes, entry.Size);
            if (entry.State == EntryState.Scheduled)
            {
                _scheduledCount++;
            }
            else
            {
                _activeCount++;
            }

            if (Settings.IsSpent(entry))
            {
                // Its last delivery was lost with the process: the next sweep finds its lock, and too many of them.
                entry.State = EntryState.Locked;
                _locks.Add(entry, until: 0, session: null);
            }

            _waiting.Arrived(entry, InSession(entry));
        }
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
            Sessions.Withdraw(receiver);
            if (receiver.Session is { } session)
            {
                // Closing a session is not failing to process it: what it held goes back without being counted.
                foreach (var entry in _locks.End(session))
                {
                    _notes.Uncounted(entry);
                    BackHome(entry);
                }

                Sessions.Release(session);
            }
        }

        Wake?.Invoke();
    }

    /// <summary>
    /// Asks for a session, by id or (null) for the next free one; the pump tells the receiver what came of it.
    /// </summary>
    public void RequestSession(Receiver receiver, string? id, long deadline)
    {
        lock (_gate)
        {
            Sessions.Request(receiver, id, deadline);
        }

        Wake?.Invoke();
    }

    /// <summary>Sessions granted and refused since last asked.</summary>
    public List<(Receiver Receiver, BrokerError? Error)> TakeSessionAnswers(long now)
    {
        lock (_gate)
        {
            var answers = Sessions.Answer(now, now + LockMilliseconds);
            _receivers.AddRange(answers.Where(answer => answer.Error is null).Select(answer => answer.Receiver));
            return answers;
        }
    }

    /// <summary>Receivers whose session lock ran out; each holds its session no more.</summary>
    public List<Receiver> TakeLostSessions(long now)
    {
        lock (_gate)
        {
            var lost = new List<Receiver>();
            foreach (var session in Sessions.Expired(now))
            {
                lost.Add(session.Owner!);
                _receivers.Remove(session.Owner!);

                // Their locks end with it, and the sweep counts those deliveries.
                _locks.Leave(session);
                Sessions.Release(session);
            }

            return lost;
        }
    }

    /// <summary>The mailbox's receivers, all detached: the entity is going.</summary>
    public Receiver[] DetachAll()
    {
        lock (_gate)
        {
            var all = _receivers.Concat(Sessions.Waiting).ToArray();
            Array.ForEach(all, Sessions.Withdraw);
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
            while (into.Count < limit && Next(now) is var (receiver, entry))
            {
                if (entry.ExpiresAt > 0 && entry.ExpiresAt <= now)
                {
                    WaitingMessages.Claim(entry, EntryState.Active, expired);
                    continue;
                }

                receiver.Credit--;
                receiver.DeliveryCount++;
                receiver.OnTheWay++;
                into.Add((receiver, receiver.ReceiveAndDelete ? TakeAway(entry) : Lock(entry, now, receiver.Session)));
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
                if (receiver.Drain
                    && receiver.OnTheWay == 0
                    && (receiver.Credit == 0 || _waiting.LineOf(receiver).IsEmpty()))
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

    /// <summary>What was taken for the receiver did not go to it after all: its credit is as it was.</summary>
    public void NotHandedOver(Receiver receiver)
    {
        lock (_gate)
        {
            receiver.OnTheWay--;
            receiver.Credit++;
            receiver.DeliveryCount--;
        }
    }

    public void HandedOver(Receiver receiver)
    {
        lock (_gate)
        {
            receiver.OnTheWay--;
        }
    }

    /// <summary>Ends a lock for a settlement, which may yet be rolled back; null when it is no longer held.</summary>
    public MessageEntry? TakeLocked(Guid token, long now, bool mayResume = false)
    {
        lock (_gate)
        {
            if (_locks.End(token, now, mayResume) is not { } entry)
            {
                return null;
            }

            entry.State = EntryState.Busy;
            return entry;
        }
    }

    /// <summary>The new end of the lock; null when it is no longer held.</summary>
    public long? Renew(Guid token, long now)
    {
        lock (_gate)
        {
            return _locks.Renew(token, now, now + LockMilliseconds);
        }
    }

    /// <summary>Back where it was: after an abandon, an expired lock, a settlement that could not be written.</summary>
    public void Return(MessageEntry entry)
    {
        lock (_gate)
        {
            _locks.Settled(entry);
            BackHome(entry);
        }

        Wake?.Invoke();
    }

    /// <summary>Back with the next sweep, not at once: what could not be written is not tried again and again.</summary>
    public void ReturnSoon(MessageEntry entry)
    {
        lock (_gate)
        {
            if (!_locks.TryResume(entry))
            {
                _returnSoon.Add(entry);
            }
        }
    }

    /// <summary>Sets a message aside that cannot be read, so that the others go on.</summary>
    public void Park(MessageEntry entry, Guid token = default)
    {
        lock (_gate)
        {
            _locks.Forget(token, entry);
            entry.State = EntryState.Parked;
        }
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
            _locks.Settled(entry);
            Interlocked.Add(ref _bytes, -entry.Size);
            _log.OneGone();
            _waiting.Gone(entry, InSession(entry));
        }
    }

    /// <summary>A copy of what peeking shows, from a sequence number on.</summary>
    public List<(MessageEntry Entry, Wire.DeliveryFacts Facts, byte[]? Overlay)> Peek(
        long from, int count, long now, string? session = null)
    {
        lock (_gate)
        {
            return _log.From(from)
                .Where(entry => session is null || entry.SessionId == session)
                .Where(entry => entry.State is not (EntryState.Busy or EntryState.Parked)
                    && (entry.ExpiresAt == 0 || entry.ExpiresAt > now))
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
                ? found.ConvertAll(entry => Lock(entry!, now, SessionOf(entry!, now)))
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

    /// <summary>How often it was delivered, this time included; null when a settlement is about to write it.</summary>
    public int? DeliveriesOf(MessageEntry entry)
    {
        lock (_gate)
        {
            return entry.State switch
            {
                EntryState.Locked => entry.DeliveryCount + 1,
                EntryState.Busy or EntryState.Gone => null,
                _ => entry.DeliveryCount,
            };
        }
    }

    /// <summary>
    /// Collects what time has changed; each collected entry is Busy until it is returned or removed, but for those
    /// whose delivery is to be noted.
    /// </summary>
    public void Sweep(
        long now, List<MessageEntry> lockExpired, List<MessageEntry> due, List<MessageEntry> expired,
        List<MessageEntry> toNote)
    {
        bool wake;
        lock (_gate)
        {
            wake = _returnSoon.Count > 0 || Sessions.IsDue(now);
            _returnSoon.ForEach(BackHome);
            _returnSoon.Clear();
            _locks.Sweep(now, lockExpired);
            _notes.Take(now, toNote);
            wake |= _waiting.Sweep(now, due, expired);
        }

        if (wake)
        {
            Wake?.Invoke();
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

    private Delivery Describe(MessageEntry entry, Guid token, long until) =>
        new(this, entry, token, entry.Facts(until)) { Overlay = entry.Overlay };

    private bool InSession(MessageEntry entry) => Settings.RequiresSession && entry.SessionId is not null;

    private void BackHome(MessageEntry entry) => _waiting.Returned(entry, InSession(entry));

    private MessageSession? SessionOf(MessageEntry entry, long now) =>
        InSession(entry) ? Sessions.Held(entry.SessionId!, now) : null;

    private Delivery Lock(MessageEntry entry, long now, MessageSession? session)
    {
        var (token, until) = _locks.Add(entry, now + LockMilliseconds, session);
        entry.State = EntryState.Locked;
        _notes.Locked(entry, now);
        return Describe(entry, token, until);
    }

    private Delivery TakeAway(MessageEntry entry)
    {
        entry.State = EntryState.Busy;
        return Describe(entry, Guid.NewGuid(), until: 0);
    }

    private (Receiver Receiver, MessageEntry Entry)? Next(long now)
    {
        for (var tried = 0; tried < _receivers.Count; tried++)
        {
            var receiver = _receivers[(int)(_turn++ % (uint)_receivers.Count)];
            if (receiver.Credit > 0
                && receiver.HasRoom
                && (receiver.Session is null || receiver.Session.LockedUntil > now)
                && _waiting.LineOf(receiver).Take() is { } entry)
            {
                return (receiver, entry);
            }
        }

        return null;
    }
}
