// How rules and forwarding spread a message.
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using static ServerlessEventing.Cli.Doctor.BusProbe;

namespace ServerlessEventing.Cli.Doctor;

internal static class RoutingChecks
{
    public static readonly IReadOnlyList<ContractCheck> All =
    [
        new("copies of rules", "one copy for each matching rule with an action, one for all without", CopiesAsync),
        new("rules are three-valued", "a rule on a property that a message lacks does not match", MissingPropertyAsync),
        new("correlation filter", "all its fields must be equal, case counts", CorrelationAsync),
        new("forward target gone", "what cannot be forwarded is in the transfer DLQ or the DLQ", ForwardLostAsync),
    ];

    private static async Task<string?> CopiesAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var topic = await bus.AddTopicAsync(cancellationToken);
        await bus.AddSubscriptionAsync(
            topic, "s", Rule("a1", "1=1", "SET user.rule = 'a1'"), forwardTo: null, cancellationToken);
        foreach (var rule in (CreateRuleOptions[])
            [Rule("a2", "1=1", "SET user.rule = 'a2'"), Rule("p1", "1=1"), Rule("p2", "1=1"), Rule("no", "1=2")])
        {
            await bus.Administration.CreateRuleAsync(topic, "s", rule, cancellationToken);
        }

        await bus.SendAsync(topic, new("x"), cancellationToken);
        var copies = await bus.DrainAsync(topic, 3, cancellationToken, "s");
        var rules = copies.Select(copy => copy.ApplicationProperties.GetValueOrDefault("rule") as string ?? "-");
        var seen = string.Join(',', rules.Order(StringComparer.Ordinal));
        Expect(seen == "-,a1,a2", $"the copies are {seen} instead of -,a1,a2");
        return null;
    }

    private static async Task<string?> MissingPropertyAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var topic = await bus.AddTopicAsync(cancellationToken);
        await bus.AddSubscriptionAsync(topic, "s", Rule("r", "NOT (k = 'a')"), forwardTo: null, cancellationToken);
        await bus.SendAsync(topic, new("lacks it"), cancellationToken);
        await bus.SendAsync(topic, With("k", "b"), cancellationToken);
        var messages = await bus.DrainAsync(topic, 1, cancellationToken, "s");
        Expect(messages.Count == 1 && messages[0].Body.ToString() == "b", $"{messages.Count} messages match");
        return null;
    }

    private static async Task<string?> CorrelationAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var topic = await bus.AddTopicAsync(cancellationToken);
        var filter = new CorrelationRuleFilter { ApplicationProperties = { ["k"] = "Abc" }, Subject = "s" };
        await bus.AddSubscriptionAsync(topic, "s", new("r", filter), forwardTo: null, cancellationToken);
        foreach (var (value, subject) in ((string, string)[])[("Abc", "other"), ("abc", "s"), ("Abc", "s")])
        {
            var message = With("k", value);
            message.Subject = subject;
            await bus.SendAsync(topic, message, cancellationToken);
        }

        var messages = await bus.DrainAsync(topic, 1, cancellationToken, "s");
        Expect(
            messages.Count == 1 && messages[0] is { Subject: "s" } only && only.Body.ToString() == "Abc",
            $"{messages.Count} messages match");
        return null;
    }

    private static async Task<string?> ForwardLostAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var target = await bus.AddQueueAsync(cancellationToken);
        var source = await bus.AddQueueAsync(cancellationToken, options => options.ForwardTo = target);
        var disabled = await bus.Administration.GetQueueAsync(target, cancellationToken);
        disabled.Status = EntityStatus.Disabled;
        await bus.Administration.UpdateQueueAsync(disabled, cancellationToken);
        await bus.SendAsync(source, new("x"), cancellationToken);
        await using var transfer = bus.Client.CreateReceiver(
            source, new ServiceBusReceiverOptions { SubQueue = SubQueue.TransferDeadLetter });
        await using var dead = bus.Client.CreateReceiver(
            source, new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        for (var start = TimeProvider.System.GetTimestamp();
            TimeProvider.System.GetElapsedTime(start) < Patience;)
        {
            foreach (var receiver in (ServiceBusReceiver[])[dead, transfer])
            {
                if (await TakesOneAsync(receiver, cancellationToken))
                {
                    return receiver == dead ? "in the DLQ" : "in the transfer DLQ";
                }
            }
        }

        throw new ContractException("it is in neither");
    }

    /// <summary>A bus that has no transfer DLQ has nothing in it.</summary>
    private static async Task<bool> TakesOneAsync(ServiceBusReceiver receiver, CancellationToken cancellationToken)
    {
        try
        {
            if (await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(1), cancellationToken) is not { } message)
            {
                return false;
            }

            await receiver.CompleteMessageAsync(message, cancellationToken);
            return true;
        }
        catch (ServiceBusException missing)
            when (missing.Reason == ServiceBusFailureReason.MessagingEntityNotFound)
        {
            return false;
        }
    }

    internal static CreateRuleOptions Rule(string name, string filter, string? action = null) =>
        new(name, new SqlRuleFilter(filter)) { Action = action is null ? null : new SqlRuleAction(action) };

    /// <summary>A message with one property, whose value is the body as well.</summary>
    internal static ServiceBusMessage With(string property, string value) =>
        new(value) { ApplicationProperties = { [property] = value } };
}
