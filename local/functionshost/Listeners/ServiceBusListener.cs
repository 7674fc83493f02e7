// Receives a Service Bus trigger's messages, invokes the function for each, and settles by the outcome.
using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;
using ServerlessEventing.Local.FunctionsHost.App;
using ServerlessEventing.Local.FunctionsHost.Invocations;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Local.FunctionsHost.Listeners;

/// <summary>
/// <code>
///   message ──► (1) envelope ──► (2) POST /{Function} ──2xx + JSON──► (3) complete
///                                        └──anything else──────────► (4) abandon: the bus delivers it again
/// </code>
/// Several run at once, up to maxConcurrentCalls. An entity that does not exist yet is waited for.
/// </summary>
internal sealed partial class ServiceBusListener : IAsyncDisposable
{
    private const int LargestPooledBuffer = 256 * 1024;

    private readonly string function;
    private readonly ServiceBusTrigger trigger;
    private readonly Invoker invoker;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ServiceBusProcessor processor;
    private readonly ServiceBusEnvelope envelope;
    private readonly CancellationToken abort;
    private readonly ObjectPool<ArrayBufferWriter<byte>> buffers =
        new DefaultObjectPool<ArrayBufferWriter<byte>>(new BufferPolicy(), maximumRetained: 256);

    private string lastTrouble = "";

    /// <param name="cancellationToken">Cuts invocations off that the stopping host has waited for long enough.</param>
    public ServiceBusListener(
        string function,
        ServiceBusTrigger trigger,
        ServiceBusSettings settings,
        ServiceBusClient client,
        Invoker invoker,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        this.function = function;
        this.trigger = trigger;
        this.invoker = invoker;
        this.time = time;
        this.logger = logger;
        abort = cancellationToken;
        envelope = new(trigger.BindingName, trigger.Binary, client.FullyQualifiedNamespace, client.Identifier);
        var options = new ServiceBusProcessorOptions
        {
            // Settled here by the outcome, so that a failed invocation costs no exception.
            AutoCompleteMessages = false,
            MaxConcurrentCalls = settings.MaxConcurrentCalls,
            PrefetchCount = settings.PrefetchCount,
            MaxAutoLockRenewalDuration = settings.MaxAutoLockRenewalDuration,
        };
        processor = trigger.SubscriptionName is { } subscription
            ? client.CreateProcessor(trigger.EntityName, subscription, options)
            : client.CreateProcessor(trigger.EntityName, options);
        processor.ProcessMessageAsync += ProcessAsync;
        processor.ProcessErrorAsync += TellAsync;
    }

    public Task StartAsync(CancellationToken cancellationToken) => processor.StartProcessingAsync(cancellationToken);

    /// <summary>Takes no more messages and waits for the invocations in flight.</summary>
    public async ValueTask DisposeAsync()
    {
        await processor.StopProcessingAsync(CancellationToken.None);
        await processor.DisposeAsync();
    }

    private async Task ProcessAsync(ProcessMessageEventArgs received)
    {
        lastTrouble = "";
        var message = received.Message;
        var buffer = buffers.Get();
        InvocationResult result;
        try
        {
            envelope.Write(buffer, message, new(function, time.GetUtcNow(), Guid.NewGuid()));
            result = await invoker.InvokeAsync(function, Guid.NewGuid(), buffer.WrittenMemory, abort);
        }
        finally
        {
            buffers.Return(buffer);
        }

        try
        {
            if (!result.Succeeded)
            {
                Log.Failed(logger, function, message.MessageId, message.DeliveryCount, result.Failure!);
                await received.AbandonMessageAsync(message, cancellationToken: abort);
            }
            else if (trigger.AutoComplete)
            {
                await received.CompleteMessageAsync(message, abort);
            }
        }
        catch (Exception lost) when (lost is ServiceBusException or OperationCanceledException)
        {
            // The lock or the connection is gone: the bus delivers the message again.
            Log.NotSettled(logger, function, message.MessageId, lost.Message);
        }
    }

    /// <summary>Tells each kind of trouble once, until a message comes through again.</summary>
    private Task TellAsync(ProcessErrorEventArgs error)
    {
        var reason = (error.Exception as ServiceBusException)?.Reason;
        var trouble = reason?.ToString() ?? error.Exception.GetType().Name;
        if (trouble == lastTrouble)
        {
            Log.StillTroubled(logger, function, trigger.EntityPath, error.Exception.Message);
            return Task.CompletedTask;
        }

        lastTrouble = trouble;
        if (reason == ServiceBusFailureReason.MessagingEntityNotFound)
        {
            Log.Waiting(logger, function, trigger.EntityPath);
        }
        else
        {
            Log.Troubled(logger, function, trigger.EntityPath, error.Exception.Message);
        }

        return Task.CompletedTask;
    }

    private sealed class BufferPolicy : PooledObjectPolicy<ArrayBufferWriter<byte>>
    {
        public override ArrayBufferWriter<byte> Create() => new(4096);

        public override bool Return(ArrayBufferWriter<byte> buffer)
        {
            buffer.ResetWrittenCount();
            return buffer.Capacity <= LargestPooledBuffer;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "{Function} failed on message {MessageId} (delivery {Delivery}), abandoned: {Reason}")]
        public static partial void Failed(
            ILogger logger, string function, string messageId, int delivery, string reason);

        [LoggerMessage(2, LogLevel.Warning, "{Function}: message {MessageId} could not be settled: {Reason}")]
        public static partial void NotSettled(ILogger logger, string function, string messageId, string reason);

        [LoggerMessage(3, LogLevel.Information, "{Function} waits until {Entity} exists")]
        public static partial void Waiting(ILogger logger, string function, string entity);

        [LoggerMessage(4, LogLevel.Warning, "{Function} does not receive from {Entity}: {Reason}")]
        public static partial void Troubled(ILogger logger, string function, string entity, string reason);

        [LoggerMessage(5, LogLevel.Debug, "{Function} still does not receive from {Entity}: {Reason}")]
        public static partial void StillTroubled(ILogger logger, string function, string entity, string reason);
    }
}
