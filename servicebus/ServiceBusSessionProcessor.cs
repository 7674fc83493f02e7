// Calls a handler for each message of sessions: many sessions at a time, each one's messages in order.
namespace ServerlessEventing.ServiceBus;

/// <summary>
/// Accepts sessions of one entity until it is stopped, through any loss of the broker. It holds a session as long as
/// messages keep coming, then gives it back and takes the next.
/// </summary>
public sealed class ServiceBusSessionProcessor : IAsyncDisposable
{
    private readonly ServiceBusClient client;
    private readonly ProcessorLifetime lifetime = new();
    private readonly HandlerSlot<ProcessSessionMessageEventArgs> onMessage;
    private readonly HandlerSlot<ProcessErrorEventArgs> onError;
    private readonly HandlerSlot<ProcessSessionEventArgs> onInitializing;
    private readonly HandlerSlot<ProcessSessionEventArgs> onClosing;

    internal ServiceBusSessionProcessor(
        ServiceBusClient client, string entityPath, ServiceBusSessionProcessorOptions options)
    {
        this.client = client;
        onMessage = new(nameof(ProcessMessageAsync), lifetime);
        onError = new(nameof(ProcessErrorAsync), lifetime);
        onInitializing = new(nameof(SessionInitializingAsync), lifetime);
        onClosing = new(nameof(SessionClosingAsync), lifetime);
        EntityPath = entityPath;
        Identifier = options.Identifier ?? $"{EntityPath}-{Guid.NewGuid():N}";
        ReceiveMode = options.ReceiveMode;
        PrefetchCount = options.PrefetchCount;
        MaxConcurrentSessions = options.MaxConcurrentSessions;
        MaxConcurrentCallsPerSession = options.MaxConcurrentCallsPerSession;
        AutoCompleteMessages = options.AutoCompleteMessages;
        MaxAutoLockRenewalDuration = options.MaxAutoLockRenewalDuration;
        SessionIdleTimeout = options.SessionIdleTimeout ?? client.Retry.TryTimeout;
        SessionIds = [.. options.SessionIds];
    }

    /// <summary>The handler of messages; exactly one.</summary>
    public event Func<ProcessSessionMessageEventArgs, Task> ProcessMessageAsync
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

    /// <summary>Called for each session before its first message; one or none.</summary>
    public event Func<ProcessSessionEventArgs, Task> SessionInitializingAsync
    {
        add => onInitializing.Add(value);
        remove => onInitializing.Remove(value);
    }

    /// <summary>Called for each session after its last message, while it is still held; one or none.</summary>
    public event Func<ProcessSessionEventArgs, Task> SessionClosingAsync
    {
        add => onClosing.Add(value);
        remove => onClosing.Remove(value);
    }

    /// <summary>The host of the namespace.</summary>
    public string FullyQualifiedNamespace => client.FullyQualifiedNamespace;

    /// <summary>The entity.</summary>
    public string EntityPath { get; }

    /// <summary>Names this processor in the service's diagnostics.</summary>
    public string Identifier { get; }

    /// <summary>When a received message leaves its queue.</summary>
    public ServiceBusReceiveMode ReceiveMode { get; }

    /// <summary>How many messages of a session are held ready beyond those being handled.</summary>
    public int PrefetchCount { get; }

    /// <summary>How many sessions are held at once.</summary>
    public int MaxConcurrentSessions { get; }

    /// <summary>How many messages of one session are handled at once.</summary>
    public int MaxConcurrentCallsPerSession { get; }

    /// <summary>Whether a handler that returns has completed its message.</summary>
    public bool AutoCompleteMessages { get; }

    /// <summary>For how long a session's lock is renewed while one message is handled.</summary>
    public TimeSpan MaxAutoLockRenewalDuration { get; }

    /// <summary>After how long without a message a session is given back.</summary>
    public TimeSpan SessionIdleTimeout { get; }

    /// <summary>Whether it is started.</summary>
    public bool IsProcessing => lifetime.IsProcessing;

    /// <summary>Whether it was closed.</summary>
    public bool IsClosed => lifetime.IsClosed;

    /// <summary>The sessions to process; empty for any.</summary>
    internal IReadOnlyList<string> SessionIds { get; }

    /// <summary>Starts; messages come as soon as the broker can be reached.</summary>
    public Task StartProcessingAsync(CancellationToken cancellationToken = default) => lifetime.StartAsync(
        stop => onMessage.Handler is { } message && onError.Handler is { } error
            ? new SessionPump(client, this, new(message, error, onInitializing.Handler, onClosing.Handler), stop)
                .RunAsync()
            : throw new InvalidOperationException(
                "Set the handlers ProcessMessageAsync and ProcessErrorAsync before StartProcessingAsync."),
        cancellationToken);

    /// <summary>Stops taking messages, waits for the handlers under way and gives the sessions back.</summary>
    public Task StopProcessingAsync(CancellationToken cancellationToken = default) =>
        lifetime.StopAsync(cancellationToken);

    /// <summary>Stops for good.</summary>
    public Task CloseAsync(CancellationToken cancellationToken = default) => lifetime.CloseAsync(cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await CloseAsync();
}
