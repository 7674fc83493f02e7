// Calls a handler for each message of a queue or bus subscription, many at a time.

namespace ServerlessEventing.ServiceBus;

/// <summary>
/// Reads one entity until it is stopped, through any loss of the broker: it never gives up by itself, and tells its
/// error handler of each failure.
/// </summary>
public sealed class ServiceBusProcessor : IAsyncDisposable
{
    private readonly ServiceBusClient client;
    private readonly ProcessorLifetime lifetime = new();
    private readonly HandlerSlot<ProcessMessageEventArgs> onMessage;
    private readonly HandlerSlot<ProcessErrorEventArgs> onError;

    internal ServiceBusProcessor(ServiceBusClient client, string entityPath, ServiceBusProcessorOptions options)
    {
        this.client = client;
        onMessage = new(nameof(ProcessMessageAsync), lifetime);
        onError = new(nameof(ProcessErrorAsync), lifetime);
        EntityPath = ServiceBusClient.WithSubQueue(entityPath, options.SubQueue);
        Identifier = options.Identifier ?? $"{EntityPath}-{Guid.NewGuid():N}";
        ReceiveMode = options.ReceiveMode;
        PrefetchCount = options.PrefetchCount;
        MaxConcurrentCalls = options.MaxConcurrentCalls;
        AutoCompleteMessages = options.AutoCompleteMessages;
        MaxAutoLockRenewalDuration = options.MaxAutoLockRenewalDuration;
    }

    /// <summary>The handler of messages; exactly one.</summary>
    public event Func<ProcessMessageEventArgs, Task> ProcessMessageAsync
    {
        add => onMessage.Add(value);
        remove => onMessage.Remove(value);
    }

    /// <summary>The handler of failures; exactly one.</summary>
    public event Func<ProcessErrorEventArgs, Task> ProcessErrorAsync
    {
        add => onError.Add(value);
        remove => onError.Remove(value);
    }

    /// <summary>The host of the namespace.</summary>
    public string FullyQualifiedNamespace => client.FullyQualifiedNamespace;

    /// <summary>The entity, with its sub-queue.</summary>
    public string EntityPath { get; }

    /// <summary>Names this processor in the service's diagnostics.</summary>
    public string Identifier { get; }

    /// <summary>When a received message leaves its queue.</summary>
    public ServiceBusReceiveMode ReceiveMode { get; }

    /// <summary>How many messages are held ready beyond those being handled.</summary>
    public int PrefetchCount { get; }

    /// <summary>How many messages are handled at once.</summary>
    public int MaxConcurrentCalls { get; }

    /// <summary>Whether a handler that returns has completed its message.</summary>
    public bool AutoCompleteMessages { get; }

    /// <summary>For how long a message's lock is renewed while it is handled.</summary>
    public TimeSpan MaxAutoLockRenewalDuration { get; }

    /// <summary>Whether it is started.</summary>
    public bool IsProcessing => lifetime.IsProcessing;

    /// <summary>Whether it was closed.</summary>
    public bool IsClosed => lifetime.IsClosed;

    /// <summary>Starts; messages come as soon as the broker can be reached.</summary>
    public Task StartProcessingAsync(CancellationToken cancellationToken = default) => lifetime.StartAsync(
        stop => onMessage.Handler is { } message && onError.Handler is { } error
            ? new MessagePump(client, this, message, error).RunAsync(stop)
            : throw new InvalidOperationException(
                "Set the handlers ProcessMessageAsync and ProcessErrorAsync before StartProcessingAsync."),
        cancellationToken);

    /// <summary>Stops taking messages and waits for the handlers under way.</summary>
    public Task StopProcessingAsync(CancellationToken cancellationToken = default) =>
        lifetime.StopAsync(cancellationToken);

    /// <summary>Stops for good.</summary>
    public Task CloseAsync(CancellationToken cancellationToken = default) => lifetime.CloseAsync(cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await CloseAsync();
}
