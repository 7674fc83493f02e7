// `bench e2e`: events through a whole house, door by door, beside the two controls.
using System.CommandLine;
using ServerlessEventing.Bench.Load;
using ServerlessEventing.Bench.Measure;
using ServerlessEventing.Bench.Report;
using ServerlessEventing.Bench.Targets;

namespace ServerlessEventing.Bench.Verbs;

/// <summary>
/// <code>
///   start subscriber, houses, controls ─► warm each up ─► round 1: each target once ─► … round R ─► medians, ratios
/// </code>
/// Targets take turns within a round, so that whatever else the machine does meets all of them.
/// </summary>
internal static class E2eVerb
{
    private static readonly Option<int> Events = new("--events")
    {
        Description = "Events a round and target",
        DefaultValueFactory = _ => 5000,
    };

    private static readonly Option<int> Concurrency = new("--concurrency")
    {
        Description = "Connections, each with one event under way",
        DefaultValueFactory = _ => 64,
    };

    private static readonly Option<int> Rounds = new("--rounds")
    {
        Description = "Interleaved rounds",
        DefaultValueFactory = _ => 5,
    };

    private static readonly Option<int> WarmUp = new("--warm-up")
    {
        Description = "Events sent to each target before anything is measured",
        DefaultValueFactory = _ => 10_000,
    };

    private static readonly Option<string> Door = new("--door")
    {
        Description = "Which door of the house: host, pump or both",
        DefaultValueFactory = _ => "both",
    };

    private static readonly Option<Uri?> Ingress = new("--ingress")
    {
        Description = "A Broker of a house that runs already; its Trigger must point at --subscriber-port",
        CustomParser = result => new Uri(result.Tokens[0].Value, UriKind.Absolute),
    };

    private static readonly Option<int> SubscriberPort = new("--subscriber-port")
    {
        Description = "Port of the bench's subscriber; any free one if not given",
    };

    private static readonly Option<int?> HousePid = new("--house-pid")
    {
        Description = "With --ingress: process id of the house, for its CPU and memory",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON" };

    public static Command Create()
    {
        Door.AcceptOnlyFromAmong("host", "pump", "both");
        var command = new Command("e2e", "Events from ingress to subscriber, through a whole house.")
        {
            Events, Concurrency, Rounds, WarmUp, Door, Ingress, SubscriberPort, HousePid, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var port = result.GetValue(SubscriberPort) is var given and > 0 ? given : Controls.FreePort();
        var targets = new List<Target>();
        try
        {
            await using var subscriber = await Subscriber.StartAsync(port, cancellationToken);
            await StartTargetsAsync(result, subscriber.Address, targets, cancellationToken);
            var report = await MeasureAsync(result, subscriber, targets, cancellationToken);
            Console.WriteLine(result.GetValue(Json) ? report.ToJson() : report.ToText());
            return report.Targets.All(target => target.Median.Missing == 0) ? 0 : 1;
        }
        catch (Exception stopped) when (stopped is BenchException or IOException or System.Net.Sockets.SocketException)
        {
            await Console.Error.WriteLineAsync(stopped.Message);
            return 2;
        }
        finally
        {
            foreach (var target in targets)
            {
                await target.DisposeAsync();
            }
        }
    }

    private static async Task StartTargetsAsync(
        ParseResult result, Uri subscriber, List<Target> targets, CancellationToken cancellationToken)
    {
        if (result.GetValue(Ingress) is { } ingress)
        {
            targets.Add(new("house", ingress, delivers: true, result.GetValue(HousePid)));
        }
        else
        {
            var door = result.GetValue(Door)!;
            foreach (var each in door == "both" ? (string[])["host", "pump"] : [door])
            {
                await SayAsync($"starting a house with the {each} door …");
                targets.Add(await House.StartAsync(each, subscriber, cancellationToken));
            }
        }

        targets.Add(await Controls.StartAsync(Controls.Relay, subscriber, cancellationToken));
        targets.Add(await Controls.StartAsync(Controls.Accept, subscriber, cancellationToken));
    }

    private static async Task<BenchReport> MeasureAsync(
        ParseResult result, Subscriber subscriber, List<Target> targets, CancellationToken cancellationToken)
    {
        var run = new Run(subscriber, result.GetValue(Concurrency));
        var rounds = result.GetValue(Rounds);
        foreach (var target in targets)
        {
            await SayAsync($"warming up: {target.Name} …");
            await run.MeasureAsync(target, result.GetValue(WarmUp), cancellationToken);
        }

        var load = LoadAverage.OfLastMinute();
        var samples = targets.ToDictionary(target => target, _ => new List<Sample>());
        for (var round = 1; round <= rounds; round++)
        {
            await SayAsync($"round {round} of {rounds} …");
            foreach (var target in targets)
            {
                samples[target].Add(await run.MeasureAsync(target, result.GetValue(Events), cancellationToken));
            }
        }

        var medians = targets.Select(target => new TargetResult(target.Name, Sample.Median(samples[target]))).ToList();
        return new()
        {
            Bench = "e2e",
            Events = result.GetValue(Events),
            Concurrency = result.GetValue(Concurrency),
            Rounds = rounds,
            Cores = Environment.ProcessorCount,
            LoadAverage = load,
            Targets = medians,
            Ratios =
            [
                .. medians.SkipLast(2).SelectMany(house => RatiosOf(house, relay: medians[^2], accept: medians[^1])),
            ],
        };
    }

    private static IEnumerable<Ratio> RatiosOf(TargetResult house, TargetResult relay, TargetResult accept)
    {
        yield return new(house.Name, "acknowledged/s", "POST → 202",
            house.Median.AcknowledgedPerSecond / accept.Median.AcknowledgedPerSecond);
        if (house.Median.DeliveredPerSecond is { } delivered && relay.Median.DeliveredPerSecond is { } relayed)
        {
            yield return new(house.Name, "delivered/s", "two-hop relay", delivered / relayed);
        }

        if (house.Median.DeliveryP99 is { } slowest && relay.Median.DeliveryP99 is { } relaySlowest)
        {
            yield return new(house.Name, "send-to-delivery p99", "two-hop relay", slowest / relaySlowest);
        }

        if (house.Median.CpuMicrosecondsPerEvent is { } cpu && relay.Median.CpuMicrosecondsPerEvent is { } relayCpu)
        {
            yield return new(house.Name, "CPU per event", "two-hop relay", cpu / relayCpu);
        }
    }

    /// <summary>Progress goes to stderr, so that stdout is the report alone.</summary>
    private static Task SayAsync(string line) => Console.Error.WriteLineAsync(line);
}
