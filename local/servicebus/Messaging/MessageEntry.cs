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

/// <summary>An index entry. Guarded by its mailbox, but for <see cref="RowGone"/>.</summary>
internal sealed class MessageEntry
{
    public required long Id { get; init; }

    public required long Body { get; init; }

    public required long Sequence { get; init; }

    public required long EnqueuedSequence { get; init; }

    public required long EnqueuedTime { get; init; }

    public required int Size { get; init; }

    public long DueTime { get; init; }

    public long ExpiresAt { get; init; }

    public string? SessionId { get; init; }

    public byte Hops { get; init; }

    public byte[]? Overlay { get; set; }

    public int DeliveryCount { get; set; }

    public EntryState State { get; set; }

    /// <summary>Whether it waits in a <see cref="Timeline"/>.</summary>
    public bool IsTimed { get; set; }

    /// <summary>
    /// The state it goes back to when a lock ends: active, or deferred for a message received by number.
    /// </summary>
    public EntryState Home { get; set; }

    /// <summary>Belongs to the journal's thread: the row was deleted, by whichever operation came first.</summary>
    public bool RowGone { get; set; }

    public static MessageEntry FromRow(MessageRow row) => FromRow(row, row.Overlay);

    /// <summary>With an overlay that is equal to the row's, but perhaps shared with others.</summary>
    public static MessageEntry FromRow(MessageRow row, byte[]? overlay) => new()
    {
        Id = row.Id,
        Body = row.Body,
        Sequence = row.Sequence,
        EnqueuedSequence = row.EnqueuedSequence,
        EnqueuedTime = row.EnqueuedTime,
        DueTime = row.DueTime,
        ExpiresAt = row.ExpiresAt,
        Size = row.Size,
        SessionId = row.SessionId,
        Hops = (byte)row.Hops,
        Overlay = overlay,
        DeliveryCount = row.DeliveryCount,
        State = (EntryState)row.State,
        Home = (EntryState)row.State,
    };

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
}
