// `bench servicebus`: the emulator with its store on the disk beside the same one in memory.
using System.CommandLine;
using System.Globalization;
using ServerlessEventing.Bench.Load;
using ServerlessEventing.Bench.Measure;
using ServerlessEventing.Bench.Report;
using ServerlessEventing.Bench.Targets;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Bench.Verbs;

/// <summary>
/// <code>
///   start both ─► warm each up ─► round 1: each target, over one connection, over sixteen ─► … ─► medians, ratios
/// </code>
/// In a round a target is sent all messages, then all are received and completed.
/// </summary>
internal static class ServiceBusVerb
{
    private static readonly int[] Connections = [1, 16];

    private static readonly Option<int> Messages = new("--messages")
    {
        Description = "Messages of 1 KB a round and target",
        DefaultValueFactory = _ => 10_000,
    };

    private static readonly Option<int> InFlight = new("--in-flight")
    {
        Description = "Messages under way at once, over all connections",
        DefaultValueFactory = _ => 500,
    };

    public static Command Create()
    {
        var command = new Command("servicebus", "Messages into the Service Bus emulator and out again.")
        {
            Messages, InFlight, BenchOptions.Rounds, BenchOptions.Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var emulators = new List<Emulator>();
        try
        {
            emulators.Add(await Emulator.StartAsync(inMemory: false, cancellationToken));
            if (Emulator.CanRunInMemory)
            {
                emulators.Add(await Emulator.StartAsync(inMemory: true, cancellationToken));
            }

            var report = await MeasureAsync(result, emulators, cancellationToken);
            Console.WriteLine(result.GetValue(BenchOptions.Json) ? report.ToJson() : report.ToText());
            return 0;
        }
        catch (Exception stopped) when (stopped is BenchException or ServiceBusException or IOException)
        {
            await Console.Error.WriteLineAsync(stopped.Message);
            return 2;
        }
        finally
        {
            foreach (var emulator in emulators)
            {
                await emulator.DisposeAsync();
            }
        }
    }

    private static async Task<BenchReport> MeasureAsync(
        ParseResult result, List<Emulator> emulators, CancellationToken cancellationToken)
    {
        var (messages, inFlight, rounds) =
            (result.GetValue(Messages), result.GetValue(InFlight), result.GetValue(BenchOptions.Rounds));
        foreach (var emulator in emulators)
        {
            await Console.Error.WriteLineAsync($"warming up: {emulator.Name} …");
            await RunAsync(emulator, Connections[0], messages, inFlight, cancellationToken);
        }

        var load = LoadAverage.OfLastMinute();
        var samples = new Dictionary<string, List<Sample>>();
        for (var round = 1; round <= rounds; round++)
        {
            await Console.Error.WriteLineAsync($"round {round} of {rounds} …");
            foreach (var connections in Connections)
            {
                foreach (var emulator in emulators)
                {
                    var name = Name(emulator.Name, connections);
                    samples.TryAdd(name, []);
                    samples[name].Add(await RunAsync(emulator, connections, messages, inFlight, cancellationToken));
                }
            }
        }

        return new()
        {
            Bench = "servicebus",
            Events = messages,
            Concurrency = inFlight,
            Load = $"{inFlight} in flight",
            Rounds = rounds,
            Cores = Environment.ProcessorCount,
            LoadAverage = load,
            Targets = [.. samples.Select(target => new TargetResult(target.Key, Sample.Median(target.Value)))],
            Ratios = [.. Connections.SelectMany(connections => RatiosOf(samples, connections))],
            Notes = [.. emulators.Select(StartOf), .. MissingBaselines(emulators)],
        };
    }

    private static async Task<Sample> RunAsync(
        Emulator emulator, int connections, int messages, int inFlight, CancellationToken cancellationToken)
    {
        var administration = new ServiceBusAdministrationClient(emulator.ManagementConnectionString);
        var queue = $"bench-{Guid.NewGuid():N}";
        await administration.CreateQueueAsync(queue, cancellationToken);
        await using var load = new BusLoad(emulator.ConnectionString, queue, connections, inFlight);
        var cpu = ProcessTree.CpuTime(emulator.ProcessId);
        var sent = await load.SendAsync(messages, cancellationToken);
        var received = await load.ReceiveAsync(messages, cancellationToken);
        cpu = ProcessTree.CpuTime(emulator.ProcessId) - cpu;
        await administration.DeleteQueueAsync(queue, cancellationToken);
        return new()
        {
            AcknowledgedPerSecond = messages / sent.Duration.TotalSeconds,
            AcknowledgeP50 = Sample.Percentile(sent.Milliseconds, 0.50),
            AcknowledgeP99 = Sample.Percentile(sent.Milliseconds, 0.99),
            DeliveredPerSecond = messages / received.Duration.TotalSeconds,
            DeliveryP50 = Sample.Percentile(received.Milliseconds, 0.50),
            DeliveryP99 = Sample.Percentile(received.Milliseconds, 0.99),
            CpuMicrosecondsPerEvent = cpu.TotalMicroseconds / messages,
            PeakMemoryBytes = ProcessTree.PeakMemory(emulator.ProcessId),
        };
    }

    private static IEnumerable<Ratio> RatiosOf(Dictionary<string, List<Sample>> samples, int connections)
    {
        var (durable, memory) = (Name("durable", connections), Name("memory", connections));
        if (!samples.TryGetValue(memory, out var inMemory))
        {
            yield break;
        }

        var (ours, control) = (Sample.Median(samples[durable]), Sample.Median(inMemory));
        yield return new(durable, "sent/s", "in memory", ours.AcknowledgedPerSecond / control.AcknowledgedPerSecond);
        yield return new(
            durable, "completed/s", "in memory", ours.DeliveredPerSecond!.Value / control.DeliveredPerSecond!.Value);
    }

    private static IEnumerable<string> MissingBaselines(List<Emulator> emulators)
    {
        if (emulators.Count == 1)
        {
            yield return "no file system in memory here: the baseline in memory is skipped";
        }

        yield return "RabbitMQ is no baseline yet: it has no $cbs node, which the client begins with";
    }

    private static string StartOf(Emulator emulator) => string.Create(
        CultureInfo.InvariantCulture, $"{emulator.Name}: listening after {emulator.StartTime.TotalSeconds:0.00} s");

    private static string Name(string target, int connections) =>
        connections == 1 ? $"{target}, 1 connection" : $"{target}, {connections} connections";
}
