// Receives from one queue or bus subscription, many messages at a time.
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Doors;

/// <summary>
/// Settles as the Functions host would: complete, or abandon. <paramref name="egress"/> is whose own bus subscription
/// it is; null where the messages say themselves whom they are for.
/// </summary>
internal sealed partial class LanePump(
    ServiceBusProcessor processor, Egress? egress, Dispatcher dispatcher, ILogger<LanePump> logger) : IMessagePump
{
    /// <summary>Ends what is in flight; a stop waits for it as long as it may.</summary>
    private readonly CancellationTokenSource patienceEnds = new();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        processor.ProcessMessageAsync += ProcessAsync;
        processor.ProcessErrorAsync += args =>
        {
            Log.ReceiveFailed(logger, processor.EntityPath, args.Exception.Message);
            return Task.CompletedTask;
        };
        return processor.StartProcessingAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await using (cancellationToken.Register(patienceEnds.Cancel))
        {
            await processor.StopProcessingAsync(CancellationToken.None);
            await processor.DisposeAsync();
        }

        patienceEnds.Dispose();
    }

    private async Task ProcessAsync(ProcessMessageEventArgs args)
    {
        var settlement = Settlement.Abandon;
        try
        {
            var message = InboundMessageBuilder.Read(processor.EntityPath, args.Message, egress);
            settlement = await dispatcher.DispatchAsync(message, patienceEnds.Token);
        }
        catch (OperationCanceledException)
        {
            // Out of patience while stopping; the message comes again.
        }

        // Not cancelled by the stop: a message that is done must not be done twice.
        await (settlement == Settlement.Complete
            ? args.CompleteMessageAsync(args.Message, CancellationToken.None)
            : args.AbandonMessageAsync(args.Message, cancellationToken: CancellationToken.None));
    }

    private static partial class Log
    {
        [LoggerMessage(411, LogLevel.Warning, "Receiving from {Entity} failed: {Error}")]
        public static partial void ReceiveFailed(ILogger logger, string entity, string error);
    }
}
