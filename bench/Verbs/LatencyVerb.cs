// `bench latency`: how long an event is under way when the house is not pressed: a fixed rate, door by door.
using System.CommandLine;
using ServerlessEventing.Bench.Load;
using ServerlessEventing.Bench.Measure;
using ServerlessEventing.Bench.Report;
using ServerlessEventing.Bench.Targets;

namespace ServerlessEventing.Bench.Verbs;

/// <summary>
/// <code>
///   start subscriber, houses, relay ─► rounds, each event at its time ─► medians, goals
/// </code>
/// </summary>
internal static class LatencyVerb
{
    private static readonly Option<int> Rate = new("--rate")
    {
        Description = "Events a second",
        DefaultValueFactory = _ => 500,
    };

    private static readonly Option<int> Seconds = new("--seconds")
    {
        Description = "How long each target is measured a round",
        DefaultValueFactory = _ => 10,
    };

    public static Command Create()
    {
        var command = new Command("latency", "Time from send to subscriber at a fixed rate of events.")
        {
            Rate, Seconds, BenchOptions.Rounds, BenchOptions.Doors, BenchOptions.Json,
        };
        command.SetAction((result, cancellationToken) => EventBench.RunAsync(
            (subscriber, targets) => MeasureAsync(result, subscriber, targets, cancellationToken),
            result.GetValue(BenchOptions.Json)));
        return command;
    }

    private static async Task<BenchReport> MeasureAsync(
        ParseResult result, Subscriber subscriber, List<Target> targets, CancellationToken cancellationToken)
    {
        foreach (var each in BenchOptions.DoorsOf(result))
        {
            await Rounds.SayAsync($"starting a house with the {each} door …");
            targets.Add(await House.StartAsync(each, subscriber.Address, cancellationToken));
        }

        targets.Add(await Controls.StartAsync(Controls.Relay, subscriber.Address, cancellationToken));
        var (rate, seconds) = (result.GetValue(Rate), result.GetValue(Seconds));
        var plan = new Plan(rate * seconds, result.GetValue(BenchOptions.Rounds), BenchOptions.UsualWarmUp);

        // Connections are never all busy at the rates this is for; were they, the wait for one counts.
        var run = new Run(subscriber, BenchOptions.UsualConnections, rate);
        var report = await Rounds.MeasureAsync("latency", run, targets, plan, cancellationToken);
        return report with { Goals = [.. report.Targets.SkipLast(1).SelectMany(GoalsOf)] };
    }

    private static IEnumerable<Goal> GoalsOf(TargetResult house) =>
    [
        new($"{house.Name}: send-to-delivery p50 ms", house.Median.DeliveryP50!.Value, AtMost: 5),
        new($"{house.Name}: send-to-delivery p99 ms", house.Median.DeliveryP99!.Value, AtMost: 60),
    ];
}
