// Publishes messages: one pipelined sender an entity, every refusal as a value.
using System.Collections.Concurrent;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Publishing;

/// <summary>Publishes to topics and queues; an answer of Confirmed means that the bus has the message.</summary>
internal sealed partial class BusPublisher(ServiceBusClient client, ILogger<BusPublisher> logger) : IAsyncDisposable
{
    /// <summary>Kept free of a message's size limit for what the delivery state adds later.</summary>
    private const long Reserve = 8 * 1024;

    /// <summary>Standard tier's limit; in force until the link has told its own.</summary>
    private const long AssumedLinkLimit = 256 * 1024;

    private static readonly TimeSpan LearnTimeout = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, ServiceBusSender> senders = new(StringComparer.OrdinalIgnoreCase);

    private long eventLimit = AssumedLinkLimit - Reserve;
    private int limitAsked;

    /// <summary>The largest event taken in, properties included: the link's max-message-size less 8 KB.</summary>
    public long EventLimit => Volatile.Read(ref eventLimit);

    /// <summary>Asks the bus for its size limit once; until it answers, the smallest tier's limit holds.</summary>
    public async ValueTask LearnLimitAsync(string entity, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref limitAsked, 1, 0) != 0)
        {
            return;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(LearnTimeout);
        try
        {
            using var batch = await SenderOf(entity).CreateMessageBatchAsync(timeout.Token);
            Volatile.Write(ref eventLimit, Math.Max(Reserve, batch.MaxSizeInBytes - Reserve));
        }
        catch (Exception e) when (e is ServiceBusException or OperationCanceledException)
        {
            Volatile.Write(ref limitAsked, 0);
        }
    }

    /// <summary>Publishes one message and waits until the bus has it.</summary>
    public ValueTask<PublishResult> PublishAsync(
        string entity, ServiceBusMessage message, CancellationToken cancellationToken) =>
        SendAsync(entity, SenderOf(entity).SendMessageAsync(message, cancellationToken));

    /// <summary>Publishes messages together and waits until the bus has them: all, or none.</summary>
    public ValueTask<PublishResult> PublishAsync(
        string entity, IReadOnlyCollection<ServiceBusMessage> messages, CancellationToken cancellationToken) =>
        SendAsync(entity, SenderOf(entity).SendMessagesAsync(messages, cancellationToken));

    private async ValueTask<PublishResult> SendAsync(string entity, Task sending)
    {
        try
        {
            await sending;
            return PublishResult.Confirmed;
        }
        catch (ServiceBusException e)
        {
            Log.Refused(logger, entity, e.Reason);
            return e.Reason switch
            {
                ServiceBusFailureReason.ServiceBusy or ServiceBusFailureReason.QuotaExceeded => PublishResult.Busy,
                ServiceBusFailureReason.MessageSizeExceeded => PublishResult.TooLarge,
                ServiceBusFailureReason.MessagingEntityNotFound
                    or ServiceBusFailureReason.MessagingEntityDisabled => PublishResult.NoEntity,
                _ => PublishResult.Unreachable,
            };
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sender in senders.Values)
        {
            await sender.DisposeAsync();
        }
    }

    private ServiceBusSender SenderOf(string entity) =>
        senders.TryGetValue(entity, out var sender)
            ? sender
            : senders.GetOrAdd(entity, static (name, client) => client.CreateSender(name), client);

    private static partial class Log
    {
        [LoggerMessage(101, LogLevel.Warning, "The bus did not take a message for {Entity}: {Reason}")]
        public static partial void Refused(ILogger logger, string entity, ServiceBusFailureReason reason);
    }
}
