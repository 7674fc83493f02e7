// A decision of the router: this copy goes into that mailbox.
using ServerlessEventing.Local.ServiceBus.Store;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>One copy of a message in one mailbox, before it has a number.</summary>
internal sealed record Placement
{
    public required Mailbox Mailbox { get; init; }

    public required EntryState State { get; init; }

    public required MessageOverlay Overlay { get; init; }

    public required long EnqueuedTime { get; init; }

    public long EnqueuedSequence { get; init; }

    public long DueTime { get; init; }

    public long ExpiresAt { get; init; }

    public int Hops { get; init; }

    public string? SessionId { get; init; }

    public int DeliveryCount { get; init; }

    public MessageRow ToRow(long id, long sequence, long body, int size, byte[]? overlay) => new()
    {
        Id = id,
        Mailbox = Mailbox.Id,
        Sequence = sequence,
        Body = body,
        State = (int)State,
        DeliveryCount = DeliveryCount,
        EnqueuedSequence = EnqueuedSequence > 0 ? EnqueuedSequence : sequence,
        EnqueuedTime = EnqueuedTime,
        DueTime = DueTime,
        ExpiresAt = ExpiresAt,
        Hops = Hops,
        Size = size,
        SessionId = SessionId,
        Overlay = overlay,
    };
}
