// Makes the pumps of this process.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Functions.Doors;

internal sealed class MessagePumps(
    ServiceBusClient client,
    Dispatcher dispatcher,
    EgressGates gates,
    FunctionsSettings settings,
    TimeProvider time,
    ILoggerFactory loggers)
{
    /// <summary>A pump of a shared lane.</summary>
    public IMessagePump OfLane(string lane) => new LanePump(
        client.CreateProcessor(lane, Options(settings.MaxConcurrentCalls, FunctionsSettings.LockRenewal)),
        null,
        dispatcher,
        loggers.CreateLogger<LanePump>());

    /// <summary>The pump of an egress's own bus subscription.</summary>
    public IMessagePump OfEgress(Egress egress)
    {
        var own = egress.Dedicated!;
        if (own.Ordered)
        {
            return new SessionPump(
                client, egress, gates.Share, dispatcher, time, loggers.CreateLogger<SessionPump>());
        }

        // Where it may not go on, it waits in its place, however long: nobody else's events are behind it.
        var options = Options(gates.Share, Timeout.InfiniteTimeSpan);
        return new LanePump(
            client.CreateProcessor(own.Topic, own.Subscription, options),
            egress,
            dispatcher,
            loggers.CreateLogger<LanePump>());
    }

    /// <summary>The pump of the queue where an egress with a bus subscription of its own has its retries.</summary>
    public IMessagePump OfRetries(Egress egress) => new LanePump(
        client.CreateProcessor(
            EntityNames.Retries(egress.Lane), Options(gates.Share, FunctionsSettings.LockRenewal)),
        null,
        dispatcher,
        loggers.CreateLogger<LanePump>());

    private static ServiceBusProcessorOptions Options(int calls, TimeSpan renewal) => new()
    {
        AutoCompleteMessages = false,
        MaxConcurrentCalls = calls,
        MaxAutoLockRenewalDuration = renewal,
    };
}
