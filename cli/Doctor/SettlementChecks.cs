// What becomes of a message that was received.
using ServerlessEventing.ServiceBus;
using static ServerlessEventing.Cli.Doctor.BusProbe;

namespace ServerlessEventing.Cli.Doctor;

internal static class SettlementChecks
{
    public static readonly IReadOnlyList<ContractCheck> All =
    [
        new("completed once", "a completed message is gone; completing it again is a lost lock", CompleteAsync),
        new("lock renewed", "a renewed lock lasts beyond its first time", RenewAsync),
        new("abandoned", "an abandoned message comes again, counted, with what was added to it", AbandonAsync),
        new("delivered too often", "the DLQ takes it with MaxDeliveryCountExceeded", TooOftenAsync),
        new("dead-lettered", "reason and description are in the DLQ", DeadLetterAsync),
        new("deferred", "a deferred message is received by its number only", DeferAsync),
    ];

    private static async Task<string?> CompleteAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(cancellationToken);
        await bus.SendAsync(queue, new("x"), cancellationToken);
        await using var receiver = bus.Client.CreateReceiver(queue);
        var message = await OneAsync(receiver, cancellationToken);
        await receiver.CompleteMessageAsync(message, cancellationToken);
        await RefusedAsync(
            receiver.CompleteMessageAsync(message, cancellationToken), ServiceBusFailureReason.MessageLockLost);
        Expect((await bus.DrainAsync(queue, 0, cancellationToken)).Count == 0, "it is still there");
        return null;
    }

    private static async Task<string?> RenewAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(
            cancellationToken, options => options.LockDuration = TimeSpan.FromSeconds(5));
        await bus.SendAsync(queue, new("x"), cancellationToken);
        await using var receiver = bus.Client.CreateReceiver(queue);
        var message = await OneAsync(receiver, cancellationToken);
        var first = message.LockedUntil;
        await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        await receiver.RenewMessageLockAsync(message, cancellationToken);
        Expect(message.LockedUntil > first, "the renewed lock ends no later");
        await Task.Delay(TimeSpan.FromSeconds(4), cancellationToken);
        await receiver.CompleteMessageAsync(message, cancellationToken);
        return null;
    }

    private static async Task<string?> AbandonAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(cancellationToken);
        await bus.SendAsync(queue, new("x"), cancellationToken);
        await using var receiver = bus.Client.CreateReceiver(queue);
        var message = await OneAsync(receiver, cancellationToken);
        Expect(message.DeliveryCount == 1, $"the first delivery is number {message.DeliveryCount}");
        var added = new Dictionary<string, object> { ["tried"] = "once" };
        await receiver.AbandonMessageAsync(message, added, cancellationToken);
        var again = await OneAsync(receiver, cancellationToken);
        await receiver.CompleteMessageAsync(again, cancellationToken);
        Expect(again.DeliveryCount == 2, $"the second delivery is number {again.DeliveryCount}");
        Expect("once".Equals(again.ApplicationProperties.GetValueOrDefault("tried")), "the added property is missing");
        return null;
    }

    private static async Task<string?> TooOftenAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(cancellationToken, options => options.MaxDeliveryCount = 2);
        await bus.SendAsync(queue, new("x"), cancellationToken);
        await using var receiver = bus.Client.CreateReceiver(queue);
        for (var delivery = 0; delivery < 2; delivery++)
        {
            await receiver.AbandonMessageAsync(
                await OneAsync(receiver, cancellationToken), cancellationToken: cancellationToken);
        }

        var reason = (await DeadAsync(bus, queue, cancellationToken)).DeadLetterReason;
        Expect(reason == "MaxDeliveryCountExceeded", $"the reason is '{reason}'");
        return null;
    }

    private static async Task<string?> DeadLetterAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(cancellationToken);
        await bus.SendAsync(queue, new("x"), cancellationToken);
        await using var receiver = bus.Client.CreateReceiver(queue);
        var message = await OneAsync(receiver, cancellationToken);
        await receiver.DeadLetterMessageAsync(message, "because", "at length", cancellationToken);
        var dead = await DeadAsync(bus, queue, cancellationToken);
        Expect(
            (dead.DeadLetterReason, dead.DeadLetterErrorDescription) == ("because", "at length"),
            $"the DLQ says '{dead.DeadLetterReason}', '{dead.DeadLetterErrorDescription}'");
        return null;
    }

    private static async Task<string?> DeferAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(cancellationToken);
        await bus.SendAsync(queue, new("x"), cancellationToken);
        await using var receiver = bus.Client.CreateReceiver(queue);
        var message = await OneAsync(receiver, cancellationToken);
        await receiver.DeferMessageAsync(message, cancellationToken: cancellationToken);
        Expect(
            await receiver.ReceiveMessageAsync(Quiet, cancellationToken) is null, "it is delivered although deferred");
        var deferred = await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber, cancellationToken);
        await receiver.CompleteMessageAsync(deferred, cancellationToken);
        return null;
    }

    private static async Task<ServiceBusReceivedMessage> DeadAsync(
        BusProbe bus, string queue, CancellationToken cancellationToken)
    {
        await using var receiver = bus.Client.CreateReceiver(
            queue, new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        var message = await OneAsync(receiver, cancellationToken);
        await receiver.CompleteMessageAsync(message, cancellationToken);
        return message;
    }
}
