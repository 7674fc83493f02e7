// What memory holds of a stored message: a few numbers; its body stays on disk.
using ServerlessEventing.Local.ServiceBus.Store;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Where a message is in its life. The first three are stored and have Azure's numbers.</summary>
internal enum EntryState : byte
{
    Active = 0,
    Deferred = 1,
    Scheduled = 2,

    /// <summary>Handed to a receiver; lasts until it settles or the lock expires.</summary>
    Locked,

    /// <summary>A settlement or move is on its way to disk; nobody else may touch the message.</summary>
    Busy,

    /// <summary>Its bytes cannot be read: kept on disk, given to nobody until the next start.</summary>
    Parked,

    /// <summary>No longer here; what still refers to it skips it.</summary>
    Gone,
}

/// <summary>
/// An index entry: a backlog is made of these, so what most messages do not have is kept apart. Guarded by its mailbox,
/// but for <see cref="RowGone"/>.
/// </summary>
internal sealed class MessageEntry
{
    private RareFacts _rare;

    /// <summary>With an overlay that is equal to the row's, but perhaps shared with others.</summary>
    public MessageEntry(in MessageRow row, byte[]? overlay)
    {
        Id = row.Id;
        Body = row.Body;
        Sequence = row.Sequence;
        EnqueuedTime = row.EnqueuedTime;
        ExpiresAt = row.ExpiresAt;
        Size = row.Size;
        DeliveryCount = row.DeliveryCount;
        State = Home = (EntryState)row.State;
        var enqueued = row.EnqueuedSequence == row.Sequence ? 0 : row.EnqueuedSequence;
        var rare = new RareFacts(enqueued, row.DueTime, row.SessionId, (byte)row.Hops, overlay);
        _rare = rare == RareFacts.None ? RareFacts.None : rare;
    }

    public long Id { get; }

    public long Body { get; }

    public long Sequence { get; }

    public long EnqueuedTime { get; }

    public long ExpiresAt { get; }

    public int Size { get; }

    public int DeliveryCount { get; set; }

    public EntryState State { get; set; }

    /// <summary>Whether it waits in a <see cref="Timeline"/>.</summary>
    public bool IsTimed { get; set; }

    /// <summary>Whether the disk knows that it is held.</summary>
    public bool IsNoted { get; set; }

    /// <summary>
    /// The state it goes back to when a lock ends: active, or deferred for a message received by number.
    /// </summary>
    public EntryState Home { get; set; }

    /// <summary>Belongs to the journal's thread: the row was deleted, by whichever operation came first.</summary>
    public bool RowGone { get; set; }

    public long EnqueuedSequence => _rare.EnqueuedSequence > 0 ? _rare.EnqueuedSequence : Sequence;

    public long DueTime => _rare.DueTime;

    public string? SessionId => _rare.SessionId;

    public byte Hops => _rare.Hops;

    public byte[]? Overlay
    {
        get => _rare.Overlay;
        set => _rare = ReferenceEquals(value, _rare.Overlay) ? _rare : _rare with { Overlay = value };
    }

    public DeliveryFacts Facts(long lockedUntil) => new()
    {
        SequenceNumber = Sequence,
        EnqueuedSequenceNumber = EnqueuedSequence,
        EnqueuedTime = EnqueuedTime,
        ScheduledTime = DueTime,
        ExpiresAt = ExpiresAt,
        LockedUntil = lockedUntil,
        DeliveryCount = DeliveryCount,
        State = (int)Home,
    };

    private sealed record RareFacts(
        long EnqueuedSequence, long DueTime, string? SessionId, byte Hops, byte[]? Overlay)
    {
        public static readonly RareFacts None = new(0, 0, null, 0, null);
    }
}
