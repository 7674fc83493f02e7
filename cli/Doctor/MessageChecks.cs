// What becomes of a message between a sender and a receiver.
using ServerlessEventing.ServiceBus;
using static ServerlessEventing.Cli.Doctor.BusProbe;

namespace ServerlessEventing.Cli.Doctor;

internal static class MessageChecks
{
    public static readonly IReadOnlyList<ContractCheck> All =
    [
        new("message unchanged", "body and properties of every type arrive as they were sent", UnchangedAsync),
        new("batch whole and in order", "a batch is taken together and keeps its order", BatchAsync),
        new("scheduled and cancelled", "a scheduled message waits, a cancelled one never comes", ScheduleAsync),
        new("duplicates dropped", "a message-id is taken once within the window", DuplicatesAsync),
        new("expired to the DLQ", "a message past its time goes to the DLQ with TTLExpiredException", ExpiryAsync),
        new("sessions", "one receiver for a session, its messages in order, its state kept", SessionsAsync),
        new("missing entity", "an entity that is not there is refused as such", MissingAsync),
    ];

    private static async Task<string?> UnchangedAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(cancellationToken);
        var sent = new ServiceBusMessage("héllo")
        {
            MessageId = "id", CorrelationId = "c", Subject = "s", ContentType = "text/plain", ReplyTo = "r", To = "t",
        };
        var values = new Dictionary<string, object>
        {
            ["string"] = "ünï", ["bool"] = true, ["int"] = 42, ["long"] = 1L << 40, ["double"] = 1.5,
            ["guid"] = Guid.NewGuid(), ["time"] = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
            ["offset"] = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), ["span"] = TimeSpan.FromSeconds(90),
            ["uri"] = new Uri("https://example.com/x"),
        };
        foreach (var (name, value) in values)
        {
            sent.ApplicationProperties[name] = value;
        }

        await bus.SendAsync(queue, sent, cancellationToken);
        await using var receiver = bus.Client.CreateReceiver(queue);
        var message = await OneAsync(receiver, cancellationToken);
        await receiver.CompleteMessageAsync(message, cancellationToken);
        Expect(message.Body.ToString() == "héllo", "the body is another");
        Expect(
            (message.MessageId, message.CorrelationId, message.Subject) == ("id", "c", "s")
                && (message.ContentType, message.ReplyTo, message.To) == ("text/plain", "r", "t"),
            "a system property is another");
        foreach (var (name, value) in values)
        {
            var got = message.ApplicationProperties.GetValueOrDefault(name);
            Expect(Equals(got, value), $"the property '{name}' came as {got ?? "nothing"} ({got?.GetType().Name})");
        }

        return null;
    }

    private static async Task<string?> BatchAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(cancellationToken);
        await using var sender = bus.Client.CreateSender(queue);
        await sender.SendMessagesAsync(
            Enumerable.Range(0, 50).Select(number => new ServiceBusMessage($"{number}")), cancellationToken);
        var bodies = (await bus.DrainAsync(queue, 50, cancellationToken)).Select(message => message.Body.ToString());
        Expect(bodies.SequenceEqual(Enumerable.Range(0, 50).Select(number => $"{number}")), "not the same 50 in order");
        return null;
    }

    private static async Task<string?> ScheduleAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(cancellationToken);
        await using var sender = bus.Client.CreateSender(queue);
        var due = TimeProvider.System.GetUtcNow().AddSeconds(4);
        var cancelled = await sender.ScheduleMessageAsync(new("cancelled"), due, cancellationToken);
        await sender.ScheduleMessageAsync(new("kept"), due, cancellationToken);
        await sender.CancelScheduledMessageAsync(cancelled, cancellationToken);
        var messages = await bus.DrainAsync(queue, 1, cancellationToken);
        var late = TimeProvider.System.GetUtcNow() - Quiet - due;
        Expect(messages.Count == 1 && messages[0].Body.ToString() == "kept", $"{messages.Count} messages came");
        Expect(late > TimeSpan.FromSeconds(-3), "it came long before its time");
        return $"{late.TotalSeconds:+0.0;-0.0} s from the time given";
    }

    private static async Task<string?> DuplicatesAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(cancellationToken, options =>
        {
            options.RequiresDuplicateDetection = true;
            options.DuplicateDetectionHistoryTimeWindow = TimeSpan.FromMinutes(1);
        });
        foreach (var (id, body) in ((string, string)[])[("a", "1"), ("a", "2"), ("b", "3")])
        {
            await bus.SendAsync(queue, new(body) { MessageId = id }, cancellationToken);
        }

        var bodies = (await bus.DrainAsync(queue, 2, cancellationToken)).Select(message => message.Body.ToString());
        Expect(string.Join(',', bodies) == "1,3", "not the first of each id");
        return null;
    }

    private static async Task<string?> ExpiryAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(
            cancellationToken, options => options.DeadLetteringOnMessageExpiration = true);
        await bus.SendAsync(queue, new("brief") { TimeToLive = TimeSpan.FromSeconds(1) }, cancellationToken);
        await using var dead = bus.Client.CreateReceiver(
            queue, new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        await using var living = bus.Client.CreateReceiver(queue);

        // Azure looks at a message's time when somebody asks for it.
        await living.PeekMessageAsync(cancellationToken: cancellationToken);
        var message = await OneAsync(dead, cancellationToken);
        await dead.CompleteMessageAsync(message, cancellationToken);
        Expect(message.DeadLetterReason == "TTLExpiredException", $"the reason is '{message.DeadLetterReason}'");
        return null;
    }

    private static async Task<string?> SessionsAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var queue = await bus.AddQueueAsync(cancellationToken, options => options.RequiresSession = true);
        foreach (var number in Enumerable.Range(0, 3))
        {
            await bus.SendAsync(queue, new($"{number}") { SessionId = "s" }, cancellationToken);
        }

        await using (var receiver = await bus.Client.AcceptSessionAsync(
            queue, "s", cancellationToken: cancellationToken))
        {
            await receiver.SetSessionStateAsync(BinaryData.FromString("state"), cancellationToken);
            await RefusedAsync(
                bus.Client.AcceptSessionAsync(queue, "s", cancellationToken: cancellationToken),
                ServiceBusFailureReason.SessionCannotBeLocked);
            for (var number = 0; number < 3; number++)
            {
                var message = await OneAsync(receiver, cancellationToken);
                Expect(message.Body.ToString() == $"{number}", "the session's messages are out of order");
                await receiver.CompleteMessageAsync(message, cancellationToken);
            }
        }

        await using var next = await bus.Client.AcceptSessionAsync(queue, "s", cancellationToken: cancellationToken);
        var state = await next.GetSessionStateAsync(cancellationToken);
        Expect(state?.ToString() == "state", "the session's state is gone");
        return null;
    }

    private static async Task<string?> MissingAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        await RefusedAsync(
            bus.SendAsync($"{Prefix}missing", new("x"), cancellationToken),
            ServiceBusFailureReason.MessagingEntityNotFound);
        await RefusedAsync(
            bus.Administration.GetQueueAsync($"{Prefix}missing", cancellationToken),
            ServiceBusFailureReason.MessagingEntityNotFound);
        return null;
    }
}
