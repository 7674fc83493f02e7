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

    // What Azure and the emulator say to a receiver without a session.
    private const string WantsSessions = "requires sessions";
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SessionQuiet = TimeSpan.FromMilliseconds(500);

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
        var gone = 0;
        try
        {
            await using var client = bus.CreateClient();
            gone = await PurgeAsync(
                client.CreateReceiver(
                    entity, new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete }),
                Quiet, cancellationToken);
        }
        catch (InvalidOperationException problem)
            when (problem.Message.Contains(WantsSessions, StringComparison.Ordinal))
        {
            await using var client = bus.CreateClient(patience: Quiet);
            gone = await PurgeSessionsAsync(client, entity, cancellationToken);
        }

        Terminal.Line(gone == 1 ? "1 message deleted" : $"{gone} messages deleted");
    }

    // One session after the other, until none with messages is free.
    private static async Task<int> PurgeSessionsAsync(
        ServiceBusClient client, string entity, CancellationToken cancellationToken)
    {
        var options = new ServiceBusSessionReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete };
        for (var gone = 0; ;)
        {
            try
            {
                var session = await client.AcceptNextSessionAsync(entity, options, cancellationToken);
                gone += await PurgeAsync(session, SessionQuiet, cancellationToken);
            }
            catch (ServiceBusException problem) when (problem.Reason == ServiceBusFailureReason.ServiceTimeout)
            {
                return gone;
            }
        }
    }

    private static async Task<int> PurgeAsync(
        ServiceBusReceiver receiver, TimeSpan quiet, CancellationToken cancellationToken)
    {
        await using var closing = receiver;
        var gone = 0;
        while (await receiver.ReceiveMessagesAsync(PurgeSize, quiet, cancellationToken) is { Count: > 0 } messages)
        {
            gone += messages.Count;
        }

        return gone;
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
