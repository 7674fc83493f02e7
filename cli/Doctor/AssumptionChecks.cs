// What the documentation does not say and the routing was built on.
using System.Globalization;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using static ServerlessEventing.Cli.Doctor.BusProbe;
using static ServerlessEventing.Cli.Doctor.RoutingChecks;

namespace ServerlessEventing.Cli.Doctor;

internal static class AssumptionChecks
{
    public static readonly IReadOnlyList<ContractCheck> All =
    [
        Assumed("action visible after forwarding",
            "a property that a rule's action sets is on the auto-forwarded message", ActionForwardedAsync),
        Assumed("rule replaced atomically",
            "while a rule is changed, a message matches its old or its new version, never both or neither",
            ReplaceAsync),
        Assumed("scheduled, then forwarded",
            "a message scheduled on a forwarding queue is forwarded when due, not before", ScheduledForwardAsync),
        Assumed("LIKE minds case", "LIKE and = tell A from a", CaseAsync),
        Assumed("rules act at once", "a rule matches what is sent after its creation was answered", ActivationAsync),
    ];

    private static ContractCheck Assumed(
        string name, string proves, Func<BusProbe, CancellationToken, Task<string?>> run) =>
        new(name, proves, run) { Kind = ContractKind.Assumed };

    private static async Task<string?> ActionForwardedAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var lane = await bus.AddQueueAsync(cancellationToken);
        var topic = await bus.AddTopicAsync(cancellationToken);
        await bus.AddSubscriptionAsync(topic, "s", Rule("r", "1=1", "SET user.egress = 'e1'"), lane, cancellationToken);
        var sent = TimeProvider.System.GetTimestamp();
        await bus.SendAsync(topic, new("x"), cancellationToken);
        await using var receiver = bus.Client.CreateReceiver(lane);
        var message = await OneAsync(receiver, cancellationToken);
        var lag = TimeProvider.System.GetElapsedTime(sent);
        await receiver.CompleteMessageAsync(message, cancellationToken);
        var egress = message.ApplicationProperties.GetValueOrDefault("egress");
        Expect("e1".Equals(egress), $"the property is {egress ?? "missing"}");
        return $"forwarded within {lag.TotalMilliseconds:0} ms";
    }

    /// <summary>
    /// Both versions let everything in and sign it: two copies, or none, show a change that is not one step.
    /// </summary>
    private static async Task<string?> ReplaceAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        const int changes = 10;
        var topic = await bus.AddTopicAsync(cancellationToken);
        await bus.AddSubscriptionAsync(
            topic, "s", Rule("r", "1=1", "SET user.version = 0"), forwardTo: null, cancellationToken);
        await using var sender = bus.Client.CreateSender(topic);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = SendUntilAsync(sender, stop.Token);
        try
        {
            var rule = await bus.Administration.GetRuleAsync(topic, "s", "r", cancellationToken);
            for (var version = 1; version <= changes; version++)
            {
                rule.Action = new SqlRuleAction(string.Create(
                    CultureInfo.InvariantCulture, $"SET user.version = {version}"));
                await bus.Administration.UpdateRuleAsync(topic, "s", rule, cancellationToken);
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
            }
        }
        finally
        {
            await stop.CancelAsync();
        }

        var sent = await sending;
        var copies = await bus.DrainAsync(topic, sent, cancellationToken, "s");
        var twice = copies.Count - copies.DistinctBy(copy => copy.MessageId).Count();
        var none = sent + twice - copies.Count;
        Expect(
            twice == 0 && none == 0,
            $"of {sent} messages during {changes} changes {twice} came twice, {none} never");
        return $"{sent} messages during {changes} changes";
    }

    private static async Task<int> SendUntilAsync(ServiceBusSender sender, CancellationToken cancellationToken)
    {
        var sent = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            await sender.SendMessageAsync(new("x") { MessageId = $"{sent++}" }, CancellationToken.None);
        }

        return sent;
    }

    private static async Task<string?> ScheduledForwardAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var target = await bus.AddQueueAsync(cancellationToken);
        var source = await bus.AddQueueAsync(cancellationToken, options => options.ForwardTo = target);
        var due = TimeProvider.System.GetUtcNow().AddSeconds(4);
        await bus.SendAsync(source, new("x") { ScheduledEnqueueTime = due }, cancellationToken);
        await using var receiver = bus.Client.CreateReceiver(target);
        var message = await OneAsync(receiver, cancellationToken);
        var late = TimeProvider.System.GetUtcNow() - due;
        await receiver.CompleteMessageAsync(message, cancellationToken);

        // The two clocks may differ by a little, a whole delay they may not.
        Expect(late > TimeSpan.FromSeconds(-3), "it was forwarded without waiting for its time");
        return $"{late.TotalSeconds:+0.0;-0.0} s from the time given";
    }

    private static async Task<string?> CaseAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        var topic = await bus.AddTopicAsync(cancellationToken);
        await bus.AddSubscriptionAsync(topic, "like", Rule("r", "k LIKE 'A%'"), forwardTo: null, cancellationToken);
        await bus.AddSubscriptionAsync(topic, "equal", Rule("r", "k = 'Abc'"), forwardTo: null, cancellationToken);
        await bus.SendAsync(topic, With("k", "abc"), cancellationToken);
        await bus.SendAsync(topic, With("k", "Abc"), cancellationToken);
        var like = await bus.DrainAsync(topic, 1, cancellationToken, "like");
        var equal = await bus.DrainAsync(topic, 1, cancellationToken, "equal");
        Expect(
            like.Count == 1 && equal.Count == 1, $"of Abc and abc LIKE matched {like.Count}, = matched {equal.Count}");
        return null;
    }

    /// <summary>New rules on a bus subscription in use, and a message right behind each.</summary>
    private static async Task<string?> ActivationAsync(BusProbe bus, CancellationToken cancellationToken)
    {
        const int rules = 10;
        var topic = await bus.AddTopicAsync(cancellationToken);
        await bus.AddSubscriptionAsync(topic, "s", Rule("none", "1=2"), forwardTo: null, cancellationToken);
        await using var sender = bus.Client.CreateSender(topic);
        await sender.SendMessageAsync(new("opens the link"), cancellationToken);
        for (var number = 0; number < rules; number++)
        {
            var value = string.Create(CultureInfo.InvariantCulture, $"v{number}");
            await bus.Administration.CreateRuleAsync(topic, "s", Rule(value, $"k = '{value}'"), cancellationToken);
            await sender.SendMessageAsync(With("k", value), cancellationToken);
        }

        var matched = await bus.DrainAsync(topic, 0, cancellationToken, "s");
        Expect(matched.Count == rules, $"{rules - matched.Count} of {rules} messages were sent before the rule acted");
        return null;
    }
}
