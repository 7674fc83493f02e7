// What one run of one target measured.
namespace ServerlessEventing.Bench.Measure;

/// <summary>Rates in events a second, times in milliseconds.</summary>
internal sealed record Sample
{
    public required double AcknowledgedPerSecond { get; init; }

    public required double AcknowledgeP50 { get; init; }

    public required double AcknowledgeP99 { get; init; }

    /// <summary>Null where nothing is behind: nothing is delivered.</summary>
    public double? DeliveredPerSecond { get; init; }

    public double? DeliveryP50 { get; init; }

    public double? DeliveryP99 { get; init; }

    /// <summary>
    /// CPU of all the target's processes, from the first send to the last delivery; null if not known.
    /// </summary>
    public double? CpuMicrosecondsPerEvent { get; init; }

    public long? PeakMemoryBytes { get; init; }

    public int Refused { get; init; }

    public int Missing { get; init; }

    public int Doubles { get; init; }

    /// <summary>The medians of several runs; counts are added up.</summary>
    public static Sample Median(IReadOnlyList<Sample> samples) => new()
    {
        AcknowledgedPerSecond = Of(samples, sample => sample.AcknowledgedPerSecond)!.Value,
        AcknowledgeP50 = Of(samples, sample => sample.AcknowledgeP50)!.Value,
        AcknowledgeP99 = Of(samples, sample => sample.AcknowledgeP99)!.Value,
        DeliveredPerSecond = Of(samples, sample => sample.DeliveredPerSecond),
        DeliveryP50 = Of(samples, sample => sample.DeliveryP50),
        DeliveryP99 = Of(samples, sample => sample.DeliveryP99),
        CpuMicrosecondsPerEvent = Of(samples, sample => sample.CpuMicrosecondsPerEvent),
        PeakMemoryBytes = samples.Max(sample => sample.PeakMemoryBytes),
        Refused = samples.Sum(sample => sample.Refused),
        Missing = samples.Sum(sample => sample.Missing),
        Doubles = samples.Sum(sample => sample.Doubles),
    };

    public static double Percentile(double[] values, double share)
    {
        if (values.Length == 0)
        {
            return 0;
        }

        var sorted = values.Order().ToArray();
        return sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }

    private static double? Of(IReadOnlyList<Sample> samples, Func<Sample, double?> value)
    {
        var values = samples.Select(value).OfType<double>().Order().ToList();
        return values.Count == 0 ? null : (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }
}
