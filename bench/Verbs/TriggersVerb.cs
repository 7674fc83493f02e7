// `bench triggers`: a Broker with many Triggers of which one matches, beside a Broker with that one alone.
using System.CommandLine;
using ServerlessEventing.Bench.Load;
using ServerlessEventing.Bench.Measure;
using ServerlessEventing.Bench.Report;
using ServerlessEventing.Bench.Targets;

namespace ServerlessEventing.Bench.Verbs;

/// <summary>
/// <code>
///   start subscriber, a house with one Trigger, a house with many ─► rounds ─► medians, ratios, goals
/// </code>
/// Two houses, so that all that many Triggers cost is counted: rules, routing table, memory, the operator's care.
/// </summary>
internal static class TriggersVerb
{
    private const double MostCost = 1.3;

    private static readonly Option<int> Triggers = new("--triggers")
    {
        Description = "Triggers of the second Broker; one matches",
        DefaultValueFactory = _ => 1000,
    };

    private static readonly Option<string> Door = new("--door")
    {
        Description = "Which door of the houses: host or pump",
        DefaultValueFactory = _ => "pump",
    };

    public static Command Create()
    {
        Door.AcceptOnlyFromAmong("host", "pump");
        Triggers.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 2)
            {
                result.AddError("--triggers: two or more are compared with one.");
            }
        });
        var command = new Command("triggers", "Many Triggers on a Broker, one matching, beside one Trigger.")
        {
            Triggers, BenchOptions.Events, BenchOptions.Rounds, Door, BenchOptions.Json,
        };
        command.SetAction((result, cancellationToken) => EventBench.RunAsync(
            (subscriber, targets) => MeasureAsync(result, subscriber, targets, cancellationToken),
            result.GetValue(BenchOptions.Json)));
        return command;
    }

    private static async Task<BenchReport> MeasureAsync(
        ParseResult result, Subscriber subscriber, List<Target> targets, CancellationToken cancellationToken)
    {
        foreach (var triggers in (int[])[1, result.GetValue(Triggers)])
        {
            await Rounds.SayAsync($"starting a house, Triggers: {triggers} …");
            targets.Add(await House.StartAsync(
                result.GetValue(Door)!, subscriber.Address, cancellationToken, triggers));
        }

        var plan = new Plan(
            result.GetValue(BenchOptions.Events), result.GetValue(BenchOptions.Rounds), BenchOptions.UsualWarmUp);
        var run = new Run(subscriber, BenchOptions.UsualConnections);
        var report = await Rounds.MeasureAsync("triggers", run, targets, plan, cancellationToken);
        var (one, many) = (report.Targets[0], report.Targets[1]);
        return report with { Goals = [.. GoalsOf(many, one.Median)] };
    }

    private static IEnumerable<Goal> GoalsOf(TargetResult many, Sample one)
    {
        yield return new($"{many.Name}: time per delivered event × one Trigger",
            one.DeliveredPerSecond!.Value / many.Median.DeliveredPerSecond!.Value, AtMost: MostCost);
        if (many.Median.CpuMicrosecondsPerEvent is { } cpu)
        {
            yield return new($"{many.Name}: CPU per event × one Trigger",
                cpu / one.CpuMicrosecondsPerEvent!.Value, AtMost: MostCost);
        }
    }
}
