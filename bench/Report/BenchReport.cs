// The result of a bench: medians of each target and the ratios between them, for people and for machines.
using System.Globalization;
using System.Text;
using System.Text.Json;
using ServerlessEventing.Bench.Measure;

namespace ServerlessEventing.Bench.Report;

/// <summary>A target's medians.</summary>
internal sealed record TargetResult(string Name, Sample Median);

/// <summary>One number of a target divided by the same number of a control, from the same interleaved rounds.</summary>
internal sealed record Ratio(string Name, string What, string Control, double Value);

/// <summary>What is printed.</summary>
internal sealed record BenchReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public required string Bench { get; init; }

    public required int Events { get; init; }

    public required int Concurrency { get; init; }

    /// <summary>What the concurrency is of, where it is not connections.</summary>
    public string? Load { get; init; }

    public required int Rounds { get; init; }

    public required int Cores { get; init; }

    /// <summary>Load average of the last minute before the first round: how noisy the machine was.</summary>
    public required double LoadAverage { get; init; }

    public required IReadOnlyList<TargetResult> Targets { get; init; }

    public required IReadOnlyList<Ratio> Ratios { get; init; }

    /// <summary>What else is to be said, a line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public string ToText()
    {
        var width = Targets.Max(target => target.Name.Length);
        var text = new StringBuilder()
            .AppendLine($"{Bench}: {Events} events of 1 KB a round, {Load ?? $"{Concurrency} connections"}, "
                + $"{Rounds} interleaved rounds, medians")
            .AppendLine($"{Cores} cores, load average {LoadAverage:0.0} before the first round")
            .AppendLine()
            .AppendLine($"{"".PadRight(width)}{"acked/s",9}{"p50 ms",9}{"p99 ms",9}"
                + $"{"deliv/s",9}{"p50 ms",9}{"p99 ms",9}{"CPU µs/ev",11}{"peak MB",9}");
        foreach (var (name, median) in Targets)
        {
            text.Append($"{name.PadRight(width)}{median.AcknowledgedPerSecond,9:0}")
                .Append($"{median.AcknowledgeP50,9:0.0}{median.AcknowledgeP99,9:0.0}")
                .Append($"{Or(median.DeliveredPerSecond, "0"),9}")
                .Append($"{Or(median.DeliveryP50, "0.0"),9}{Or(median.DeliveryP99, "0.0"),9}")
                .AppendLine($"{Or(median.CpuMicrosecondsPerEvent, "0"),11}{Or(median.PeakMemoryBytes / 1e6, "0"),9}");
        }

        foreach (var (name, median) in Targets.Where(target => HasTrouble(target.Median)))
        {
            text.AppendLine($"! {name}: {median.Refused} refused, {median.Missing} not delivered, "
                + $"{median.Doubles} delivered twice");
        }

        text.AppendLine().AppendLine("Ratios (only these mean something on another machine or another day)");
        foreach (var ratio in Ratios)
        {
            text.AppendLine($"  {ratio.Name}: {ratio.What} {ratio.Value:0.000} × {ratio.Control}");
        }

        foreach (var note in Notes)
        {
            text.AppendLine($"  {note}");
        }

        return text.ToString();
    }

    private static bool HasTrouble(Sample median) => median.Refused + median.Missing + median.Doubles > 0;

    private static string Or(double? value, string format) =>
        value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
