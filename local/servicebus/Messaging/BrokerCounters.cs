// Counts what tests and people want to know about the broker.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Totals since the emulator started.</summary>
public sealed class BrokerCounters
{
    private long _accepted;
    private long _delivered;
    private long _completed;
    private long _deadLettered;
    private long _duplicatesDropped;
    private long _parked;
    private readonly long[] _quirks = new long[Enum.GetValues<Quirk>().Length];

    /// <summary>Messages accepted from senders (each of a batch counts).</summary>
    public long MessagesAccepted => Interlocked.Read(ref _accepted);

    /// <summary>Deliveries handed to receivers.</summary>
    public long MessagesDelivered => Interlocked.Read(ref _delivered);

    /// <summary>Messages completed or received and deleted.</summary>
    public long MessagesCompleted => Interlocked.Read(ref _completed);

    /// <summary>Messages moved to a DLQ or forwarded as dead letters.</summary>
    public long MessagesDeadLettered => Interlocked.Read(ref _deadLettered);

    /// <summary>Messages that duplicate detection accepted and dropped.</summary>
    public long DuplicatesDropped => Interlocked.Read(ref _duplicatesDropped);

    /// <summary>Messages set aside because their stored bytes cannot be read; the log names each.</summary>
    public long MessagesParked => Interlocked.Read(ref _parked);

    /// <summary>How often each of Azure's quirks struck.</summary>
    public long Quirks(Quirk quirk) => Interlocked.Read(ref _quirks[(int)quirk]);

    internal void Quirked(Quirk quirk) => Interlocked.Increment(ref _quirks[(int)quirk]);

    internal void Parked() => Interlocked.Increment(ref _parked);

    internal void Accepted(int count) => Interlocked.Add(ref _accepted, count);

    internal void Delivered() => Interlocked.Increment(ref _delivered);

    internal void Completed() => Interlocked.Increment(ref _completed);

    internal void DeadLettered() => Interlocked.Increment(ref _deadLettered);

    internal void DuplicateDropped() => Interlocked.Increment(ref _duplicatesDropped);
}
