// What is in the queues and bus subscriptions of a bus: counts, messages, emptying.
using System.Globalization;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Cli.Bus;

/// <summary>Through the management API and AMQP, as any client does it; works on Azure, too.</summary>
internal static class BusContents
{
    private const int PeekSize = 100;
    private const int PurgeSize = 500;
    private const int BodyShown = 200;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    public static async Task ListAsync(BusConnection bus, CancellationToken cancellationToken)
    {
        var administration = bus.CreateAdministration();
        Row("ENTITY", "ACTIVE", "DEAD", "SCHEDULED");
        await foreach (var queue in administration.GetQueuesRuntimePropertiesAsync(cancellationToken))
        {
            Row(queue.Name, queue.ActiveMessageCount, queue.DeadLetterMessageCount, queue.ScheduledMessageCount);
        }

        await foreach (var topic in administration.GetTopicsRuntimePropertiesAsync(cancellationToken))
        {
            Row(topic.Name, "", "", topic.ScheduledMessageCount);
            await foreach (var subscription in administration
                .GetSubscriptionsRuntimePropertiesAsync(topic.Name, cancellationToken))
            {
                Row(
                    $"{topic.Name}/Subscriptions/{subscription.SubscriptionName}",
                    subscription.ActiveMessageCount, subscription.DeadLetterMessageCount, "");
            }
        }
    }

    public static async Task PeekAsync(
        BusConnection bus, string entity, int limit, CancellationToken cancellationToken)
    {
        await using var client = bus.CreateClient();
        await using var receiver = client.CreateReceiver(entity);
        var shown = 0;
        while (shown < limit)
        {
            var messages = await receiver.PeekMessagesAsync(
                Math.Min(PeekSize, limit - shown), cancellationToken: cancellationToken);
            if (messages.Count == 0)
            {
                break;
            }

            foreach (var message in messages)
            {
                Terminal.Line(Describe(message));
            }

            shown += messages.Count;
        }

        Terminal.Line(shown == 1 ? "1 message" : $"{shown} messages");
    }

    public static async Task PurgeAsync(BusConnection bus, string entity, CancellationToken cancellationToken)
    {
        await using var client = bus.CreateClient();
        await using var receiver = client.CreateReceiver(
            entity, new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        var gone = 0;
        while (await receiver.ReceiveMessagesAsync(PurgeSize, Quiet, cancellationToken) is { Count: > 0 } messages)
        {
            gone += messages.Count;
        }

        Terminal.Line(gone == 1 ? "1 message deleted" : $"{gone} messages deleted");
    }

    private static string Describe(ServiceBusReceivedMessage message)
    {
        var reason = message.DeadLetterReason is { } why ? $" dead-lettered: {why}" : "";
        var session = message.SessionId is { } id ? $" session {id}" : "";
        return Terminal.Printable(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{message.SequenceNumber} {message.EnqueuedTime:u} id {message.MessageId}{session}{reason}: ")
                + BodyOf(message),
            1000);
    }

    private static string BodyOf(ServiceBusReceivedMessage message)
    {
        var text = message.Body.ToString();
        return text.Length > BodyShown ? text[..BodyShown] + "…" : text;
    }

    private static void Row(string entity, object active, object dead, object scheduled) => Terminal.Line(
        string.Create(CultureInfo.InvariantCulture, $"{entity,-50} {active,10} {dead,10} {scheduled,10}"));
}
