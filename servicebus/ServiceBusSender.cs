// Publishes messages to a queue or topic.
using Amqp;
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus;

/// <summary>
/// A sender to one queue or topic; safe for any number of callers at once. Their messages share the link without
/// waiting for each other, and each call ends when the broker has accepted its message.
/// </summary>
public sealed class ServiceBusSender : IAsyncDisposable
{
    private readonly ServiceBusClient client;
    private readonly SemaphoreSlim room = new(Limits.SendsInFlight);
    private readonly SharedOpening<SendingLink> link;

    internal ServiceBusSender(ServiceBusClient client, string entityPath, ServiceBusSenderOptions options)
    {
        this.client = client;
        EntityPath = entityPath;
        Identifier = options.Identifier ?? $"{entityPath}-{Guid.NewGuid():N}";
        link = new(OpenAsync, static open => open.IsOpen);
    }

    /// <summary>The host of the namespace.</summary>
    public string FullyQualifiedNamespace => client.FullyQualifiedNamespace;

    /// <summary>The queue or topic.</summary>
    public string EntityPath { get; }

    /// <summary>Names this sender in the service's diagnostics.</summary>
    public string Identifier { get; }

    /// <summary>Whether the sender was closed.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Publishes a message; ends when the broker has it.</summary>
    public Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return PublishAsync(() => MessageConverter.ToAmqp(message, client.TimeProvider), cancellationToken);
    }

    /// <summary>Publishes messages together: the broker takes all or none.</summary>
    public async Task SendMessagesAsync(
        IEnumerable<ServiceBusMessage> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        using var batch = await CreateMessageBatchAsync(cancellationToken);
        foreach (var message in messages)
        {
            if (!batch.TryAddMessage(message))
            {
                throw new ServiceBusException(
                    $"The messages do not fit into one batch of {batch.MaxSizeInBytes:N0} bytes: "
                    + $"the one at index {batch.Count} is too much",
                    ServiceBusFailureReason.MessageSizeExceeded,
                    EntityPath);
            }
        }

        await SendMessagesAsync(batch, cancellationToken);
    }

    /// <summary>Publishes a batch: the broker takes all of it or nothing.</summary>
    public Task SendMessagesAsync(ServiceBusMessageBatch messageBatch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messageBatch);
        return messageBatch.Count == 0
            ? Task.CompletedTask
            : PublishAsync(messageBatch.ToAmqp, cancellationToken);
    }

    /// <summary>A batch as large as the link takes.</summary>
    public ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(CancellationToken cancellationToken = default) =>
        CreateMessageBatchAsync(new CreateMessageBatchOptions(), cancellationToken);

    /// <summary>A batch no larger than the options, or the link, allow.</summary>
    public async ValueTask<ServiceBusMessageBatch> CreateMessageBatchAsync(
        CreateMessageBatchOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ObjectDisposedException.ThrowIf(IsClosed, this);
        var open = link.Current ?? await client.Retry.RunAsync(
            EntityPath, link, static (link, ct) => link.GetAsync(ct).AsTask(), cancellationToken);
        if (options.MaxSizeInBytes > open.MaxBatchSize)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), $"The link takes batches of {open.MaxBatchSize:N0} bytes at most.");
        }

        return new(options.MaxSizeInBytes ?? open.MaxBatchSize, client.TimeProvider);
    }

    /// <summary>Hands a message over now that becomes visible later.</summary>
    /// <returns>The sequence number by which it can be cancelled.</returns>
    public Task<long> ScheduleMessageAsync(
        ServiceBusMessage message, DateTimeOffset scheduledEnqueueTime, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        message.ScheduledEnqueueTime = scheduledEnqueueTime;
        return client.Retry.RunAsync(
            EntityPath,
            (Management: new Management(client.Connection, EntityPath), message),
            static (state, ct) => state.Management.ScheduleAsync(state.message, ct),
            cancellationToken);
    }

    /// <summary>Takes back a scheduled message.</summary>
    public Task CancelScheduledMessageAsync(long sequenceNumber, CancellationToken cancellationToken = default) =>
        client.Retry.RunAsync(
            EntityPath,
            (Management: new Management(client.Connection, EntityPath), sequenceNumber),
            static async (state, ct) =>
            {
                await state.Management.CancelScheduledAsync(state.sequenceNumber, ct);
                return true;
            },
            cancellationToken);

    /// <summary>Closes the link; messages under way fail.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        IsClosed = true;
        if (await link.CloseAsync().WaitAsync(cancellationToken) is { } open)
        {
            await open.CloseAsync();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task PublishAsync(Func<Message> encode, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        await room.WaitAsync(cancellationToken);
        try
        {
            await client.Retry.RunAsync(
                EntityPath, (Self: this, encode), static (state, ct) => state.Self.TryPublishAsync(state.encode, ct),
                cancellationToken);
        }
        finally
        {
            room.Release();
        }
    }

    private async Task<bool> TryPublishAsync(Func<Message> encode, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        var open = await link.GetAsync(cancellationToken);
        var message = encode();
        try
        {
            await open.SendAsync(message).WaitAsync(client.Retry.TryTimeout, client.TimeProvider, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            // A link on which the broker stopped answering is not worth keeping.
            _ = open.CloseAsync();
            throw;
        }
    }

    private async Task<SendingLink> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await client.Connection.GetAsync(cancellationToken);
        return await SendingLink.OpenAsync(connection, EntityPath, Identifier, cancellationToken);
    }
}
