// Brings back from the dead letters what the bus could not forward to a lane that was full.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>
/// Such a message has the bus's reason and not ours, bears its egress, and nobody has tried to deliver it. A queue can
/// only be received from its head, so whatever else is there is passed over and given back:
/// <code>
///   1 peek what is new: could not be forwarded, and its lane has room?
///   2 receive ─ meant ──────► to its lane, confirmed, then completed here
///             └ not meant ──► held until the pass is over, then given back
/// </code>
/// </summary>
public sealed partial class ForwardFailures(ServiceBusClient client, RoutingState routing, ILogger logger)
{
    private const int PageSize = 100;
    private const int MostPeeked = 2000;

    /// <summary>Held at once; what lies behind so many others stays where a replay by hand reaches it.</summary>
    private const int MostHeld = 1000;

    /// <summary>Giving back counts as a delivery, and the bus takes 100 of them: it is renewed long before.</summary>
    private const int RenewFrom = 50;

    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(1);

    /// <summary>Reasons of the bus that say nothing about forwarding: these events are past delivery.</summary>
    private static readonly string[] Final =
        ["TTLExpiredException", "MaxDeliveryCountExceeded", "HeaderSizeExceeded", "MaxTransferHopCountExceeded"];

    private long _next;

    /// <summary>Brings back what fits into the room the lanes have, in bytes; the rest comes another time.</summary>
    public async Task BringBackAsync(IDictionary<string, long> room, CancellationToken cancellationToken)
    {
        if (room.Count == 0)
        {
            return;
        }

        try
        {
            var meant = await PeekAsync(room, cancellationToken);
            if (meant.Count > 0)
            {
                var count = await PassAsync(meant, cancellationToken);
                Log.BroughtBack(logger, count);
            }
        }
        catch (ServiceBusException e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotNow(logger, e.Message);
        }
    }

    // 1: what has been looked at once and is not meant is not looked at again.
    private async Task<Dictionary<long, string>> PeekAsync(
        IDictionary<string, long> room, CancellationToken cancellationToken)
    {
        await using var receiver = client.CreateReceiver(EntityNames.DeadLetters);
        var meant = new Dictionary<long, string>();
        var next = _next;
        var waiting = false;
        for (var peeked = 0; peeked < MostPeeked;)
        {
            var page = await receiver.PeekMessagesAsync(PageSize, next, cancellationToken);
            if (page.Count == 0)
            {
                break;
            }

            foreach (var message in page)
            {
                if (LaneOf(message) is { } lane)
                {
                    var size = message.Body.ToMemory().Length + PageSize;
                    if (room.TryGetValue(lane, out var left) && left >= size)
                    {
                        room[lane] = left - size;
                        meant[message.SequenceNumber] = lane;
                    }

                    waiting = true;
                }
            }

            peeked += page.Count;
            next = page[^1].SequenceNumber + 1;
            _next = waiting ? _next : next;
        }

        return meant;
    }

    private string? LaneOf(ServiceBusReceivedMessage message) =>
        message.DeadLetterReason is { Length: > 0 } reason && !Final.Contains(reason)
            && !message.ApplicationProperties.ContainsKey(MessageProperties.DeadLetterReason)
            && message.ApplicationProperties.GetValueOrDefault(MessageProperties.Egress) is string egress
                ? routing.LaneOf(egress)
                : null;

    private async Task<int> PassAsync(Dictionary<long, string> meant, CancellationToken cancellationToken)
    {
        var count = 0;
        var held = new List<ServiceBusReceivedMessage>();
        await using var receiver = client.CreateReceiver(EntityNames.DeadLetters);
        try
        {
            while (meant.Count > 0 && held.Count < MostHeld)
            {
                var messages = await receiver.ReceiveMessagesAsync(PageSize, LastWait, cancellationToken);
                if (messages.Count == 0)
                {
                    break;
                }

                held.AddRange(messages);
                foreach (var message in messages)
                {
                    if (meant.Remove(message.SequenceNumber, out var lane))
                    {
                        await SendAsync(lane, new(message), cancellationToken);
                        await receiver.CompleteMessageAsync(message, CancellationToken.None);
                        held.Remove(message);
                        count++;
                    }
                }
            }
        }
        finally
        {
            await GiveBackAsync(receiver, held);
        }

        return count;
    }

    // Not cancelled: what is given back at once need not wait for its lock to end.
    private async Task GiveBackAsync(ServiceBusReceiver receiver, List<ServiceBusReceivedMessage> held)
    {
        try
        {
            foreach (var message in held)
            {
                if (message.DeliveryCount < RenewFrom)
                {
                    await receiver.AbandonMessageAsync(message, cancellationToken: CancellationToken.None);
                    continue;
                }

                // The bus's own reason is not copied with a message; it must not be lost.
                var renewed = new ServiceBusMessage(message);
                renewed.ApplicationProperties.TryAdd(
                    MessageProperties.DeadLetterReason, message.DeadLetterReason ?? "Unknown");
                renewed.ApplicationProperties.TryAdd(
                    MessageProperties.DeadLetterDetail, message.DeadLetterErrorDescription ?? "The bus gave it up.");
                await SendAsync(EntityNames.DeadLetters, renewed, CancellationToken.None);
                await receiver.CompleteMessageAsync(message, CancellationToken.None);
            }
        }
        catch (ServiceBusException e)
        {
            // The locks that are left, or were lost already, end by themselves.
            Log.NotNow(logger, e.Message);
        }
    }

    private async Task SendAsync(string queue, ServiceBusMessage message, CancellationToken cancellationToken)
    {
        await using var sender = client.CreateSender(queue);
        await sender.SendMessageAsync(message, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information,
            Message = "{Count} events that a full lane had turned away are back")]
        public static partial void BroughtBack(ILogger logger, int count);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The dead letters cannot be looked through now: {Why}")]
        public static partial void NotNow(ILogger logger, string why);
    }
}
