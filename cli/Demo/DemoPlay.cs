// Plays the demo in a house that is up: apply, write Kubernetes Events, send CloudEvents, wait for the ledgers.
using System.Diagnostics;
using System.Text.Json.Nodes;
using ServerlessEventing.Cli.DeadLetters;
using ServerlessEventing.Cli.House;
using ServerlessEventing.Cli.Manifests;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Cli.Demo;

/// <summary>
/// <code>
///   1 apply both samples, wait for Ready    2 walkthrough: a Kubernetes Event at a time, and how long it took
///   3 CloudEvents by the Broker's name      4 the shop: all at once    5 ledgers and dead letters
/// </code>
/// </summary>
internal sealed class DemoPlay(LocalHouse house, TimeProvider time)
{
    private const string WalkthroughBroker = "http://default-broker.default.svc.cluster.local/";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Plays it all; true when everything arrived.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        // :: 1
        var manifests = new[] { "walkthrough", "shop" }
            .SelectMany(name => ManifestReader.Read(LocalHouse.BuiltInFile(Path.Combine("samples", name)))).ToList();
        Terminal.Heading("Applying samples/walkthrough (Knative v0.7's own manifests) and samples/shop");
        await house.ApplyAsync(manifests, cancellationToken);
        await WaitUntilReadyAsync(manifests, cancellationToken);

        // :: 2
        Terminal.Heading("Writing Kubernetes Events, as kubectl would: source → Broker → Trigger → event-display");
        foreach (var written in DemoScript.KubernetesEvents)
        {
            await WriteAsync(written.Name, written.Reason, written.Message, cancellationToken);
        }

        // :: 3
        Terminal.Heading($"Sending {DemoScript.Greetings.Count} CloudEvents to {WalkthroughBroker}");
        await SendAsync(new Uri(WalkthroughBroker), house.Proxy, DemoScript.Greetings, cancellationToken);

        // :: 4
        var shop = new Uri(house.Ingress, $"{DemoScript.ShopNamespace}/{DemoScript.Broker}");
        Terminal.Heading($"Sending {DemoScript.Events.Count} CloudEvents to {shop}");
        await SendAsync(shop, null, DemoScript.Events, cancellationToken);

        // :: 5
        var (report, letters) = await WaitUntilDeliveredAsync(cancellationToken);
        Print(report, letters);
        return report.Complete && letters.Count == 1;
    }

    private async Task WaitUntilReadyAsync(IReadOnlyList<Manifest> manifests, CancellationToken cancellationToken)
    {
        foreach (var state in await Readiness.WaitAsync(house.Client, manifests, Deadline, time, cancellationToken))
        {
            if (!state.Ready)
            {
                throw new CommandException($"{state.Manifest} is not Ready: {state.Reason}: {state.Message}");
            }

            Terminal.Row(state.Manifest.ToString(), $"{Terminal.Good("Ready")} → {state.Address}", 26);
        }
    }

    private async Task WriteAsync(string name, string reason, string message, CancellationToken cancellationToken)
    {
        var written = time.GetUtcNow();
        await house.Client.ApplyAsync(
            new Manifest("demo", new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Event",
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = DemoScript.WalkthroughNamespace },
                ["involvedObject"] = new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Pod",
                    ["name"] = "web-1",
                    ["namespace"] = DemoScript.WalkthroughNamespace,
                },
                ["type"] = "Normal",
                ["reason"] = reason,
                ["message"] = message,
            }),
            cancellationToken);
        DateTimeOffset? shown;
        while ((shown = DemoReport.Read(house.Data).TimeOf(DemoScript.Walkthrough, name)) is null)
        {
            if (time.GetUtcNow() - written > Deadline)
            {
                throw new CommandException(
                    $"event-display did not get Kubernetes Event {name} within {Deadline.TotalSeconds:0} s");
            }

            await Task.Delay(Poll, time, cancellationToken);
        }

        Terminal.Row(name, $"in event-display after {(shown.Value - written).TotalMilliseconds:0} ms", 26);
    }

    private static async Task SendAsync(
        Uri broker, Uri? proxy, IReadOnlyList<DemoEvent> events, CancellationToken cancellationToken)
    {
        using var sender = new DemoSender(broker, proxy);
        foreach (var sent in events)
        {
            await sender.SendAsync(sent, cancellationToken);
        }

        foreach (var group in events.GroupBy(sent => sent.Type))
        {
            Terminal.Row($"{group.Count()} × {group.Key}", "202", 40);
        }
    }

    private async Task<(DemoReport Report, IReadOnlyList<DeadLetter> Letters)> WaitUntilDeliveredAsync(
        CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        await using var client = new ServiceBusClient(house.ServiceBusConnection);
        var queue = new DeadLetterQueue(client, time);
        while (true)
        {
            var report = DemoReport.Read(house.Data);
            var letters = (await queue.PeekAsync(DeadLetterSelection.All, 10, cancellationToken))
                .Select(DeadLetter.Of).ToList();
            if ((report.Delivered == report.Expected && letters.Count > 0) || watch.Elapsed > Deadline)
            {
                return (report, letters);
            }

            await Task.Delay(Poll, time, cancellationToken);
        }
    }

    private static void Print(DemoReport report, IReadOnlyList<DeadLetter> letters)
    {
        Terminal.Heading("Delivered, by the subscribers' own ledgers");
        report.Print();
        Terminal.Line(Terminal.Faint(
            $"""
                payments answered 503 twice to each event before it accepted; shipping answered each with a
                {DemoScript.ReplyType}, which went back through the Broker to notifications
            """));
        Terminal.Heading("Dead letters");
        foreach (var letter in letters)
        {
            Terminal.Line($"  {letter.EventId} ({letter.EventType}): {letter.Reason}, "
                + $"{letter.ErrorDestination} answered {letter.ErrorCode}");
        }

        Terminal.Line();
        Terminal.Line($"delivered {report.Delivered} of {report.Expected}");
    }
}
