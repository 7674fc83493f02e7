// One message of one mailbox, as the store keeps it.
namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>A row of the messages table. Times are Unix milliseconds, 0 for "none".</summary>
internal readonly record struct MessageRow
{
    public required long Id { get; init; }

    public required long Mailbox { get; init; }

    public required long Sequence { get; init; }

    public required long Body { get; init; }

    public required int State { get; init; }

    public int DeliveryCount { get; init; }

    public required long EnqueuedSequence { get; init; }

    public required long EnqueuedTime { get; init; }

    public long DueTime { get; init; }

    public long ExpiresAt { get; init; }

    public int Hops { get; init; }

    public required int Size { get; init; }

    public string? SessionId { get; init; }

    public byte[]? Overlay { get; init; }
}
