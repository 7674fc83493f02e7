// Settings of a session receiver.
namespace ServerlessEventing.ServiceBus;

/// <summary>Options of a <see cref="ServiceBusSessionReceiver"/>.</summary>
public sealed class ServiceBusSessionReceiverOptions
{
    private int prefetchCount;

    /// <summary>Names the receiver in the service's diagnostics; made up when not set.</summary>
    public string? Identifier { get; set; }

    /// <summary>When a received message leaves its queue.</summary>
    public ServiceBusReceiveMode ReceiveMode { get; set; } = ServiceBusReceiveMode.PeekLock;

    /// <summary>How many messages to hold ready beyond those asked for, at most 10,000.</summary>
    public int PrefetchCount
    {
        get => prefetchCount;
        set => prefetchCount = Wire.Limits.Prefetch(value);
    }
}
