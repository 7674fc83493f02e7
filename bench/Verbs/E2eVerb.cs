// `bench e2e`: events through a whole house, door by door, beside the two controls.
using System.CommandLine;
using ServerlessEventing.Bench.Load;
using ServerlessEventing.Bench.Measure;
using ServerlessEventing.Bench.Report;
using ServerlessEventing.Bench.Targets;

namespace ServerlessEventing.Bench.Verbs;

/// <summary>
/// <code>
///   start subscriber, houses, controls ─► rounds ─► medians, ratios, goals
/// </code>
/// </summary>
internal static class E2eVerb
{
    private static readonly Option<int> Concurrency = new("--concurrency")
    {
        Description = "Connections, each with one event under way",
        DefaultValueFactory = _ => BenchOptions.UsualConnections,
    };

    private static readonly Option<int> WarmUp = new("--warm-up")
    {
        Description = "Seconds of events to each target before anything is measured",
        DefaultValueFactory = _ => (int)BenchOptions.UsualWarmUp.TotalSeconds,
    };

    private static readonly Option<Uri?> Ingress = new("--ingress")
    {
        Description = "A Broker of a house that runs already; its Trigger must point at --subscriber-port",
        CustomParser = result => new Uri(result.Tokens[0].Value, UriKind.Absolute),
    };

    private static readonly Option<int?> SubscriberPort = new("--subscriber-port")
    {
        Description = "Port of the bench's subscriber; any free one if not given",
    };

    private static readonly Option<int?> HousePid = new("--house-pid")
    {
        Description = "With --ingress: process id of the house, for its CPU and memory",
    };

    public static Command Create()
    {
        var command = new Command("e2e", "Events from ingress to subscriber, through a whole house.")
        {
            BenchOptions.Events, Concurrency, BenchOptions.Rounds, WarmUp, BenchOptions.Doors,
            Ingress, SubscriberPort, HousePid, BenchOptions.Json,
        };
        command.SetAction((result, cancellationToken) => EventBench.RunAsync(
            (subscriber, targets) => MeasureAsync(result, subscriber, targets, cancellationToken),
            result.GetValue(BenchOptions.Json),
            result.GetValue(SubscriberPort)));
        return command;
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
            foreach (var each in BenchOptions.DoorsOf(result))
            {
                await Rounds.SayAsync($"starting a house with the {each} door …");
                targets.Add(await House.StartAsync(each, subscriber, cancellationToken));
            }
        }

        targets.Add(await Controls.StartAsync(Controls.Relay, subscriber, cancellationToken));
        targets.Add(await Controls.StartAsync(Controls.Accept, subscriber, cancellationToken));
    }

    private static async Task<BenchReport> MeasureAsync(
        ParseResult result, Subscriber subscriber, List<Target> targets, CancellationToken cancellationToken)
    {
        await StartTargetsAsync(result, subscriber.Address, targets, cancellationToken);
        var plan = new Plan(
            result.GetValue(BenchOptions.Events),
            result.GetValue(BenchOptions.Rounds),
            TimeSpan.FromSeconds(result.GetValue(WarmUp)));
        var run = new Run(subscriber, result.GetValue(Concurrency));
        var report = await Rounds.MeasureAsync("e2e", run, targets, plan, cancellationToken);
        var houses = report.Targets.SkipLast(2).ToList();
        var (relay, accept) = (report.Targets[^2], report.Targets[^1]);
        return report with
        {
            Ratios = [.. houses.SelectMany(house => RatiosOf(house, relay, accept))],
            Goals = [.. houses.Select(house => DeliveredGoal(house, relay)).OfType<Goal>()],
        };
    }

    // What a bare chain of the same hops, without filter, envelope or store, reached was 0.16 and 0.30.
    private static Goal? DeliveredGoal(TargetResult house, TargetResult relay) =>
        house.Median.DeliveredPerSecond / relay.Median.DeliveredPerSecond is { } ratio
            ? new($"{house.Name}: delivered/s × two-hop relay", ratio,
                AtLeast: house.Name == House.Named("pump") ? 0.25 : 0.13)
            : null;

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
}
