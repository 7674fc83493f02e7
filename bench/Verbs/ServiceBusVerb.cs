// `bench servicebus`: the emulator with its store on the disk, beside the same one in memory and beside RabbitMQ.
using System.CommandLine;
using System.Globalization;
using ServerlessEventing.Bench.Load;
using ServerlessEventing.Bench.Measure;
using ServerlessEventing.Bench.Report;
using ServerlessEventing.Bench.Targets;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Bench.Verbs;

/// <summary>
/// <code>
///   durable      the emulator on the disk         ◄─┐ our own client
///   memory       the same, its disk in memory     ◄─┘
///   durable, AMQP   the first one again           ◄─┐ the AMQP library alone, the same program for both
///   RabbitMQ, AMQP  where it is installed         ◄─┘
///
///   start all ─► warm each up ─► round 1: each of them, over one connection, over sixteen ─► … ─► medians, ratios
/// </code>
/// In a round a bus is sent all messages, then all are received and completed.
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

    private static readonly Option<int> Rounds = new("--rounds")
    {
        Description = "Interleaved rounds",
        DefaultValueFactory = _ => 5,
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON" };

    public static Command Create()
    {
        var command = new Command("servicebus", "Messages into the Service Bus emulator and out again.")
        {
            Messages, InFlight, Rounds, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var buses = new List<Bus>();
        try
        {
            var contestants = await StartAsync(buses, cancellationToken);
            var report = await MeasureAsync(result, buses, contestants, cancellationToken);
            Console.WriteLine(result.GetValue(Json) ? report.ToJson() : report.ToText());
            return 0;
        }
        catch (Exception stopped) when (
            stopped is BenchException or ServiceBusException or Amqp.AmqpException or IOException)
        {
            await Console.Error.WriteLineAsync(stopped.Message);
            return 2;
        }
        finally
        {
            foreach (var bus in buses)
            {
                await bus.DisposeAsync();
            }
        }
    }

    /// <summary>Starts what there is; the buses are the caller's to stop, even when this fails.</summary>
    private static async Task<List<Contestant>> StartAsync(List<Bus> buses, CancellationToken cancellationToken)
    {
        var durable = await Emulator.StartAsync(inMemory: false, cancellationToken);
        buses.Add(durable);
        var contestants = new List<Contestant> { Ours(durable) };
        if (Emulator.CanRunInMemory)
        {
            var memory = await Emulator.StartAsync(inMemory: true, cancellationToken);
            buses.Add(memory);
            contestants.Add(Ours(memory));
        }

        if (RabbitMq.IsInstalled)
        {
            var rabbit = await RabbitMq.StartAsync(cancellationToken);
            buses.Add(rabbit);
            contestants.AddRange([Plain(durable), Plain(rabbit)]);
        }

        return contestants;

        static Contestant Ours(Emulator emulator) => new(emulator.Name, emulator, (queue, connections, inFlight) =>
            Task.FromResult<IBusLoad>(new BusLoad(emulator.ConnectionString, queue, connections, inFlight)));

        static Contestant Plain(Bus bus) => new($"{bus.Name}, AMQP", bus, async (queue, connections, inFlight) =>
            await AmqpLoad.ConnectAsync(bus.Address, queue, connections, inFlight));
    }

    private static async Task<BenchReport> MeasureAsync(
        ParseResult result, List<Bus> buses, List<Contestant> contestants, CancellationToken cancellationToken)
    {
        var (messages, inFlight, rounds) =
            (result.GetValue(Messages), result.GetValue(InFlight), result.GetValue(Rounds));
        foreach (var contestant in contestants)
        {
            await Console.Error.WriteLineAsync($"warming up: {contestant.Name} …");
            await RunAsync(contestant, Connections[0], messages, inFlight, cancellationToken);
        }

        var load = LoadAverage.OfLastMinute();
        var samples = new Dictionary<string, List<Sample>>();
        for (var round = 1; round <= rounds; round++)
        {
            await Console.Error.WriteLineAsync($"round {round} of {rounds} …");
            foreach (var connections in Connections)
            {
                foreach (var contestant in contestants)
                {
                    var name = Name(contestant.Name, connections);
                    samples.TryAdd(name, []);
                    samples[name].Add(await RunAsync(contestant, connections, messages, inFlight, cancellationToken));
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
            Notes = [.. buses.Select(StartOf), .. MissingBaselines()],
        };
    }

    private static async Task<Sample> RunAsync(
        Contestant contestant, int connections, int messages, int inFlight, CancellationToken cancellationToken)
    {
        var bus = contestant.Bus;
        var queue = await bus.CreateQueueAsync(cancellationToken);
        await using var load = await contestant.Connect(queue, connections, inFlight);
        var cpu = ProcessTree.CpuTime(bus.ProcessId);
        BusResult sent, received;
        try
        {
            sent = await load.SendAsync(messages, cancellationToken);
            received = await load.ReceiveAsync(messages, cancellationToken);
        }
        catch (TimeoutException stalled)
        {
            throw new BenchException($"{Name(contestant.Name, connections)}: {stalled.Message}");
        }

        cpu = ProcessTree.CpuTime(bus.ProcessId) - cpu;
        await bus.DeleteQueueAsync(queue, cancellationToken);
        return new()
        {
            AcknowledgedPerSecond = messages / sent.Duration.TotalSeconds,
            AcknowledgeP50 = Sample.Percentile(sent.Milliseconds, 0.50),
            AcknowledgeP99 = Sample.Percentile(sent.Milliseconds, 0.99),
            DeliveredPerSecond = messages / received.Duration.TotalSeconds,
            DeliveryP50 = received.Milliseconds is [] ? null : Sample.Percentile(received.Milliseconds, 0.50),
            DeliveryP99 = received.Milliseconds is [] ? null : Sample.Percentile(received.Milliseconds, 0.99),
            CpuMicrosecondsPerEvent = cpu.TotalMicroseconds / messages,
            PeakMemoryBytes = ProcessTree.PeakMemory(bus.ProcessId),
        };
    }

    private static IEnumerable<Ratio> RatiosOf(Dictionary<string, List<Sample>> samples, int connections) =>
    [
        .. Compare(samples, Name("durable", connections), Name("memory", connections), "in memory"),
        .. Compare(samples, Name("durable, AMQP", connections), Name("RabbitMQ, AMQP", connections), "RabbitMQ's"),
    ];

    private static IEnumerable<Ratio> Compare(
        Dictionary<string, List<Sample>> samples, string name, string controlName, string controlCalled)
    {
        if (!samples.TryGetValue(controlName, out var taken))
        {
            yield break;
        }

        var (ours, control) = (Sample.Median(samples[name]), Sample.Median(taken));
        yield return new(name, "sent/s", controlCalled, ours.AcknowledgedPerSecond / control.AcknowledgedPerSecond);
        yield return new(
            name, "completed/s", controlCalled, ours.DeliveredPerSecond!.Value / control.DeliveredPerSecond!.Value);
        if (control.CpuMicrosecondsPerEvent is > 0 and var cpu)
        {
            yield return new(name, "server CPU a message", controlCalled, ours.CpuMicrosecondsPerEvent!.Value / cpu);
        }
    }

    private static IEnumerable<string> MissingBaselines()
    {
        if (!Emulator.CanRunInMemory)
        {
            yield return "no file system in memory here: that baseline is skipped";
        }

        if (!RabbitMq.IsInstalled)
        {
            yield return "no RabbitMQ here (Debian's rabbitmq-server): that baseline is skipped";
        }
    }

    private static string StartOf(Bus bus) => string.Create(
        CultureInfo.InvariantCulture, $"{bus.Name}: listening after {bus.StartTime.TotalSeconds:0.00} s");

    private static string Name(string target, int connections) =>
        connections == 1 ? $"{target}, 1 connection" : $"{target}, {connections} connections";

    /// <summary>A bus and the client program that drives it.</summary>
    private sealed record Contestant(string Name, Bus Bus, Func<string, int, int, Task<IBusLoad>> Connect);
}
