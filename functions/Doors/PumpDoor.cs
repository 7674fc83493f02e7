// The door without a Functions host: our own port for HTTP, our own receivers for the lanes.
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.Functions.Ingress;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Doors;

/// <summary>Settles as the host would. Nobody stands in front, so no forwarding header counts.</summary>
internal sealed partial class PumpDoor(
    ServiceBusClient client,
    EventIngress ingress,
    TriggerAddress triggers,
    Health health,
    Dispatcher dispatcher,
    FunctionsSettings settings,
    ILogger<PumpDoor> logger) : IHostedService
{
    private readonly List<ServiceBusProcessor> processors = [];

    /// <summary>Ends what is in flight; a stop waits for it as long as the application may.</summary>
    private readonly CancellationTokenSource patienceEnds = new();

    public Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value is { Length: > 0 } given ? given : "/";
        return Health.IsAsked(path) ? health.AnswerAsync(context)
            : FunctionPaths.IsOne(path) ? FunctionPaths.RefuseAsync(context)
            : TriggerAddress.IsAsked(path) ? triggers.HandleAsync(context)
            : ingress.HandleAsync(context, context.Request.Host.Value ?? "");
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var function in LaneFunction.All)
        {
            var processor = client.CreateProcessor(function.Lane, new ServiceBusProcessorOptions
            {
                AutoCompleteMessages = false,
                MaxConcurrentCalls = settings.MaxConcurrentCalls,
                MaxAutoLockRenewalDuration = FunctionsSettings.LockRenewal,
            });
            processor.ProcessMessageAsync += args => ProcessAsync(function.Lane, args);
            processor.ProcessErrorAsync += args =>
            {
                Log.ReceiveFailed(logger, function.Lane, args.Exception.Message);
                return Task.CompletedTask;
            };
            processors.Add(processor);
            await processor.StartProcessingAsync(cancellationToken);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var hurry = cancellationToken.Register(patienceEnds.Cancel);
        await Task.WhenAll(processors.Select(processor => processor.StopProcessingAsync(cancellationToken)));
        foreach (var processor in processors)
        {
            await processor.DisposeAsync();
        }
    }

    private async Task ProcessAsync(string lane, ProcessMessageEventArgs args)
    {
        var settlement = Settlement.Abandon;
        try
        {
            settlement = await dispatcher.DispatchAsync(Read(lane, args.Message), patienceEnds.Token);
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

    private static InboundMessage Read(string lane, ServiceBusReceivedMessage message)
    {
        var properties = new InboundMessageBuilder();
        foreach (var (name, value) in message.ApplicationProperties)
        {
            properties.Add(name, value);
        }

        return properties.Build(
            lane, message.SequenceNumber, message.DeliveryCount, message.ContentType, message.Body.ToMemory());
    }

    private static partial class Log
    {
        [LoggerMessage(411, LogLevel.Warning, "Receiving from {Lane} failed: {Error}")]
        public static partial void ReceiveFailed(ILogger logger, string lane, string error);
    }
}
