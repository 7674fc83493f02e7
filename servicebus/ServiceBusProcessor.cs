// Calls a handler for each message of a queue or bus subscription, many at a time.

namespace ServerlessEventing.ServiceBus;

/// <summary>
/// Reads one entity until it is stopped, through any loss of the broker: it never gives up by itself, and tells its
/// error handler of each failure.
/// </summary>
public sealed class ServiceBusProcessor : IAsyncDisposable
{
    private readonly ServiceBusClient client;
    private readonly SemaphoreSlim changing = new(1, 1);
    private Func<ProcessMessageEventArgs, Task>? onMessage;
    private Func<ProcessErrorEventArgs, Task>? onError;
    private CancellationTokenSource? stopping;
    private Task running = Task.CompletedTask;

    internal ServiceBusProcessor(ServiceBusClient client, string entityPath, ServiceBusProcessorOptions options)
    {
        this.client = client;
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
        add => Set(ref onMessage, value, nameof(ProcessMessageAsync));
        remove => Clear(ref onMessage, value, nameof(ProcessMessageAsync));
    }

    /// <summary>The handler of failures; exactly one.</summary>
    public event Func<ProcessErrorEventArgs, Task> ProcessErrorAsync
    {
        add => Set(ref onError, value, nameof(ProcessErrorAsync));
        remove => Clear(ref onError, value, nameof(ProcessErrorAsync));
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
    public bool IsProcessing => !running.IsCompleted;

    /// <summary>Whether it was closed.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Starts; messages come as soon as the broker can be reached.</summary>
    public async Task StartProcessingAsync(CancellationToken cancellationToken = default)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            if (onMessage is null || onError is null)
            {
                throw new InvalidOperationException(
                    "Set the handlers ProcessMessageAsync and ProcessErrorAsync before StartProcessingAsync.");
            }

            if (IsProcessing)
            {
                throw new InvalidOperationException("The processor is started already.");
            }

            stopping = new();
            running = new MessagePump(client, this, onMessage, onError).RunAsync(stopping.Token);
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Stops taking messages and waits for the handlers under way.</summary>
    public async Task StopProcessingAsync(CancellationToken cancellationToken = default)
    {
        await changing.WaitAsync(cancellationToken);
        try
        {
            if (stopping is null)
            {
                return;
            }

            await stopping.CancelAsync();
            await running.WaitAsync(cancellationToken);
            stopping.Dispose();
            stopping = null;
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Stops for good.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        IsClosed = true;
        await StopProcessingAsync(cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await CloseAsync();

    private void Set<T>(ref T? handler, T value, string name)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        RequireStopped();
        handler = handler is null ? value : throw new NotSupportedException($"{name} takes one handler.");
    }

    private void Clear<T>(ref T? handler, T value, string name)
        where T : class
    {
        RequireStopped();
        handler = Equals(handler, value)
            ? null
            : throw new ArgumentException($"The handler was not added to {name}.", nameof(value));
    }

    private void RequireStopped()
    {
        if (IsProcessing)
        {
            throw new InvalidOperationException("Handlers cannot be changed while the processor is started.");
        }
    }
}
