// Settings of a receiver.
namespace ServerlessEventing.ServiceBus;

/// <summary>When a received message leaves its queue.</summary>
public enum ServiceBusReceiveMode
{
    /// <summary>It is locked, and leaves when it is completed.</summary>
    PeekLock,

    /// <summary>It leaves at once; a crash of the receiver loses it.</summary>
    ReceiveAndDelete,
}

/// <summary>The queue inside a queue or bus subscription.</summary>
public enum SubQueue
{
    /// <summary>The main one.</summary>
    None = 0,

    /// <summary>The DLQ.</summary>
    DeadLetter = 1,

    /// <summary>The DLQ of messages that could not be forwarded.</summary>
    TransferDeadLetter = 2,
}

/// <summary>Options of a <see cref="ServiceBusReceiver"/>.</summary>
public sealed class ServiceBusReceiverOptions
{
    private int prefetchCount;

    /// <summary>Names the receiver in the service's diagnostics; made up when not set.</summary>
    public string? Identifier { get; set; }

    /// <summary>When a received message leaves its queue.</summary>
    public ServiceBusReceiveMode ReceiveMode { get; set; } = ServiceBusReceiveMode.PeekLock;

    /// <summary>Which queue of the entity to read.</summary>
    public SubQueue SubQueue { get; set; }

    /// <summary>How many messages to hold ready beyond those asked for, at most 10,000.</summary>
    public int PrefetchCount
    {
        get => prefetchCount;
        set => prefetchCount = Wire.Limits.Prefetch(value);
    }
}
