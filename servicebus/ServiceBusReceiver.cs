// Receives and settles messages of a queue or bus subscription, at the caller's pace.
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>A receiver from one entity; safe for any number of callers at once, whose receives take turns.</summary>
public class ServiceBusReceiver : IAsyncDisposable
{
    private readonly ServiceBusClient client;
    private readonly MessageBuffer buffer = null!;
    private readonly Management management = null!;
    private long lastPeeked;

    internal ServiceBusReceiver(ServiceBusClient client, string entityPath, ServiceBusReceiverOptions options)
        : this(
            client,
            ServiceBusClient.WithSubQueue(entityPath, options.SubQueue),
            options.ReceiveMode,
            options.PrefetchCount,
            options.Identifier)
    {
        management = new(client.Connection, EntityPath);
        Settler = new(client.Retry, management, EntityPath);
        buffer = new(client, EntityPath, ReceiveMode, PrefetchCount, Identifier);
    }

    /// <summary>With a link that is open and holds a session.</summary>
    private protected ServiceBusReceiver(
        ServiceBusClient client,
        string entityPath,
        ServiceBusSessionReceiverOptions options,
        MessageBuffer buffer,
        Management management)
        : this(client, entityPath, options.ReceiveMode, options.PrefetchCount, options.Identifier)
    {
        this.management = management;
        Settler = new(client.Retry, management, EntityPath);
        this.buffer = buffer;
    }

    private ServiceBusReceiver(
        ServiceBusClient client, string entityPath, ServiceBusReceiveMode mode, int prefetch, string? identifier)
    {
        this.client = client;
        EntityPath = entityPath;
        ReceiveMode = mode;
        PrefetchCount = prefetch;
        Identifier = identifier ?? $"{EntityPath}-{Guid.NewGuid():N}";
    }

    /// <summary>The host of the namespace.</summary>
    public string FullyQualifiedNamespace => client.FullyQualifiedNamespace;

    /// <summary>The entity, with its sub-queue.</summary>
    public string EntityPath { get; }

    /// <summary>When a received message leaves its queue.</summary>
    public ServiceBusReceiveMode ReceiveMode { get; }

    /// <summary>How many messages are held ready.</summary>
    public int PrefetchCount { get; }

    /// <summary>Names this receiver in the service's diagnostics.</summary>
    public string Identifier { get; }

    internal Settler Settler { get; } = null!;

    /// <summary>Whether the receiver was closed.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>The next message, or null when none came in time (one try's timeout when not given).</summary>
    public async Task<ServiceBusReceivedMessage?> ReceiveMessageAsync(
        TimeSpan? maxWaitTime = null, CancellationToken cancellationToken = default)
    {
        var messages = await ReceiveMessagesAsync(1, maxWaitTime, cancellationToken);
        return messages.Count > 0 ? messages[0] : null;
    }

    /// <summary>One or more messages as soon as there are any, or none when none came in time.</summary>
    public Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveMessagesAsync(
        int maxMessages, TimeSpan? maxWaitTime = null, CancellationToken cancellationToken = default)
    {
        if (maxMessages is < 1 or > Limits.MaxPrefetch)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxMessages), maxMessages, $"maxMessages must be 1 to {Limits.MaxPrefetch}.");
        }

        var wait = maxWaitTime ?? client.Retry.TryTimeout;
        if (wait < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(maxWaitTime), wait, "maxWaitTime must not be negative.");
        }

        ObjectDisposedException.ThrowIf(IsClosed, this);
        return buffer.ReceiveAsync(maxMessages, wait, cancellationToken);
    }

    /// <summary>Messages as they come, until cancelled.</summary>
    public async IAsyncEnumerable<ServiceBusReceivedMessage> ReceiveMessagesAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await ReceiveMessageAsync(cancellationToken: cancellationToken) is { } message)
            {
                yield return message;
            }
        }
    }

    /// <summary>Messages set aside earlier, by their sequence numbers.</summary>
    public Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveDeferredMessagesAsync(
        IEnumerable<long> sequenceNumbers, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sequenceNumbers);
        return client.Retry.RunAsync(
            EntityPath,
            (Self: this, Numbers: sequenceNumbers.ToArray()),
            static (state, ct) => state.Self.management.ReceiveDeferredAsync(state.Numbers, state.Self.ReceiveMode, ct),
            cancellationToken);
    }

    /// <summary>A message set aside earlier, by its sequence number.</summary>
    public async Task<ServiceBusReceivedMessage> ReceiveDeferredMessageAsync(
        long sequenceNumber, CancellationToken cancellationToken = default) =>
        (await ReceiveDeferredMessagesAsync([sequenceNumber], cancellationToken))[0];

    /// <summary>Looks at the next message without taking it; each call looks further, null at the end.</summary>
    public async Task<ServiceBusReceivedMessage?> PeekMessageAsync(
        long? fromSequenceNumber = null, CancellationToken cancellationToken = default)
    {
        var messages = await PeekMessagesAsync(1, fromSequenceNumber, cancellationToken);
        return messages.Count > 0 ? messages[0] : null;
    }

    /// <summary>Looks at the next messages without taking them; each call looks further.</summary>
    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> PeekMessagesAsync(
        int maxMessages, long? fromSequenceNumber = null, CancellationToken cancellationToken = default)
    {
        var from = fromSequenceNumber ?? Interlocked.Read(ref lastPeeked) + 1;
        var messages = await client.Retry.RunAsync(
            EntityPath,
            (management, from, maxMessages),
            static (state, ct) => state.management.PeekAsync(state.from, state.maxMessages, ct),
            cancellationToken);
        if (messages.Count > 0)
        {
            Interlocked.Exchange(ref lastPeeked, messages[^1].SequenceNumber);
        }

        return messages;
    }

    /// <summary>The message is done with; ends when the broker agrees, or says that the lock is lost.</summary>
    public Task CompleteMessageAsync(
        ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        Settler.SettleAsync(message, Settlement.Complete, cancellationToken);

    /// <summary>The message is to be delivered again, at once.</summary>
    public Task AbandonMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default) =>
        Settler.SettleAsync(
            message, new(SettlementKind.Abandon) { PropertiesToModify = propertiesToModify }, cancellationToken);

    /// <summary>The message is set aside; it is received again by its sequence number only.</summary>
    public Task DeferMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default) =>
        Settler.SettleAsync(
            message, new(SettlementKind.Defer) { PropertiesToModify = propertiesToModify }, cancellationToken);

    /// <summary>The message goes to the DLQ.</summary>
    public Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        IDictionary<string, object>? propertiesToModify = null,
        CancellationToken cancellationToken = default) =>
        Settler.SettleAsync(
            message, new(SettlementKind.DeadLetter) { PropertiesToModify = propertiesToModify }, cancellationToken);

    /// <summary>The message goes to the DLQ, with a reason.</summary>
    public Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message,
        string deadLetterReason,
        string? deadLetterErrorDescription = null,
        CancellationToken cancellationToken = default) =>
        Settler.SettleAsync(
            message,
            new(SettlementKind.DeadLetter)
            {
                DeadLetterReason = deadLetterReason,
                DeadLetterErrorDescription = deadLetterErrorDescription,
            },
            cancellationToken);

    /// <summary>Holds the message for another lock duration; the new time is in the message's LockedUntil.</summary>
    public Task RenewMessageLockAsync(
        ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
        Settler.RenewLockAsync(message, cancellationToken);

    /// <summary>Closes the link; messages held ready go back.</summary>
    public Task CloseAsync(CancellationToken cancellationToken = default)
    {
        IsClosed = true;
        return buffer.CloseAsync(cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }
}
