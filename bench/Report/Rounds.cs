// The interleaved rounds of a bench of events: warm each target up, then let them take turns.
using System.Diagnostics;
using ServerlessEventing.Bench.Measure;
using ServerlessEventing.Bench.Targets;

namespace ServerlessEventing.Bench.Report;

/// <summary>
/// <code>
///   warm each up ─► round 1: each target once ─► … ─► round R ─► the medians of each
/// </code>
/// Targets take turns within a round, so that whatever else the machine does meets all of them.
/// </summary>
internal static class Rounds
{
    /// <summary>Events between two looks at the clock while a target is warmed up.</summary>
    private const int WarmUpStep = 1000;

    /// <summary>Measures every target; what is not about rounds is left for the caller to fill in.</summary>
    public static async Task<BenchReport> MeasureAsync(
        string bench, Run run, IReadOnlyList<Target> targets, Plan plan, CancellationToken cancellationToken)
    {
        foreach (var target in targets)
        {
            await SayAsync($"warming up: {target.Name} …");
            var warm = Stopwatch.StartNew();
            while (warm.Elapsed < plan.WarmUp)
            {
                await run.MeasureAsync(target, WarmUpStep, cancellationToken);
            }
        }

        var load = LoadAverage.OfLastMinute();
        var samples = targets.ToDictionary(target => target, _ => new List<Sample>());
        for (var round = 1; round <= plan.Rounds; round++)
        {
            await SayAsync($"round {round} of {plan.Rounds} …");
            foreach (var target in targets)
            {
                samples[target].Add(await run.MeasureAsync(target, plan.Events, cancellationToken));
            }
        }

        return new()
        {
            Bench = bench,
            Events = plan.Events,
            Concurrency = run.Concurrency,
            Load = run.Rate is { } rate ? $"{rate} a second" : null,
            Rounds = plan.Rounds,
            Cores = Environment.ProcessorCount,
            LoadAverage = load,
            Targets = [.. targets.Select(target => new TargetResult(target.Name, Sample.Median(samples[target])))],
            Ratios = [],
        };
    }

    /// <summary>Progress goes to stderr, so that stdout is the report alone.</summary>
    public static Task SayAsync(string line) => Console.Error.WriteLineAsync(line);
}

/// <summary>How much is measured.</summary>
internal sealed record Plan(int Events, int Rounds, TimeSpan WarmUp);
