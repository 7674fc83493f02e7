// `eventing demo`: everything at once in a fresh folder: start, apply, send, show, count, clean up.
using System.CommandLine;
using System.Diagnostics;
using ServerlessEventing.Cli.DeadLetters;
using ServerlessEventing.Cli.Demo;
using ServerlessEventing.Cli.House;
using ServerlessEventing.Cli.Manifests;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Runs the walkthrough's sample and counts what arrived; exit 0 only if all did.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public static Command Create()
    {
        var command = new Command(
            "demo",
            """
            Start a house in a fresh folder, apply samples/walkthrough, send CloudEvents, show who got which.

            Examples:
              eventing demo
              eventing demo --door pump --port-offset 10000
            """)
        {
            HouseArguments.PortOffset, HouseArguments.Door, HouseArguments.Verbose,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var verbose = result.GetValue(HouseArguments.Verbose);
        using var logger = HouseArguments.CreateLogger(verbose);
        var folder = Directory.CreateTempSubdirectory("eventing-demo-").FullName;
        try
        {
            Terminal.Heading("Starting: no Docker, no cluster, no cloud");
            var options = new HouseOptions
            {
                DataFolder = folder,
                Ports = new HousePorts(result.GetValue(HouseArguments.PortOffset)),
                Door = result.GetValue(HouseArguments.Door),
                Print = text => PrintIf(verbose, text),
                Started = (name, where) => Terminal.Row(name, where),
                LoggerFactory = logger,
            };
            await using var house = await HouseArguments.OpenAsync(options, cancellationToken);
            return await PlayAsync(house, options.Time, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> PlayAsync(
        LocalHouse house, TimeProvider time, CancellationToken cancellationToken)
    {
        await ApplyAsync(house, time, cancellationToken);

        var broker = new Uri(house.Ingress, $"{DemoScript.Namespace}/{DemoScript.Broker}");
        Terminal.Heading($"Sending {DemoScript.Events.Count} CloudEvents to {broker}");
        using (var sender = new DemoSender(broker))
        {
            foreach (var sent in DemoScript.Events)
            {
                await sender.SendAsync(sent, cancellationToken);
            }
        }

        foreach (var group in DemoScript.Events.GroupBy(sent => sent.Type))
        {
            Terminal.Row($"{group.Count()} × {group.Key}", "202", 40);
        }

        var (report, letters) = await WaitAsync(house, time, cancellationToken);
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
        return report.Complete && letters.Count == 1 ? 0 : 1;
    }

    private static async Task ApplyAsync(LocalHouse house, TimeProvider time, CancellationToken cancellationToken)
    {
        var manifests = ManifestReader.Read(LocalHouse.BuiltInFile(Path.Combine("samples", "walkthrough")));
        Terminal.Heading("Applying samples/walkthrough");
        await house.ApplyAsync(manifests, cancellationToken);
        var states = await Readiness.WaitAsync(house.Client, manifests, Deadline, time, cancellationToken);
        foreach (var state in states)
        {
            if (!state.Ready)
            {
                throw new CommandException($"{state.Manifest} is not Ready: {state.Reason}: {state.Message}");
            }

            Terminal.Row(state.Manifest.ToString(), $"{Terminal.Good("Ready")} → {state.Address}", 26);
        }
    }

    private static async Task<(DemoReport Report, IReadOnlyList<DeadLetter> Letters)> WaitAsync(
        LocalHouse house, TimeProvider time, CancellationToken cancellationToken)
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

    private static void PrintIf(bool verbose, string text)
    {
        if (verbose)
        {
            Terminal.Line(text);
        }
    }
}
