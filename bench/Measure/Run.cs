// One run: sends the events to a target, waits for their deliveries, and reads the clocks.
using ServerlessEventing.Bench.Load;
using ServerlessEventing.Bench.Targets;

namespace ServerlessEventing.Bench.Measure;

/// <summary>Runs targets one at a time; run numbers keep late deliveries of one run out of the next.</summary>
internal sealed class Run(Subscriber subscriber, int concurrency, int? rate = null)
{
    /// <summary>How long nothing may arrive before what is missing is called missing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private int number;

    public int Concurrency => concurrency;

    /// <summary>Events a second; null for a closed loop.</summary>
    public int? Rate => rate;

    public async Task<Sample> MeasureAsync(Target target, int events, CancellationToken cancellationToken)
    {
        var run = ++number;
        var cpuBefore = Cpu(target);
        var tally = subscriber.Expect(run, events);
        var sent = await Sending.RunAsync(
            target.Address, new BenchEvent(target.Address, run), events, concurrency, rate, cancellationToken);
        var acknowledged = sent.AcknowledgedMilliseconds.Length;
        if (target.Delivers)
        {
            await tally.WaitAsync(acknowledged, Patience, cancellationToken);
        }

        var cpu = Cpu(target) - cpuBefore;
        var latencies = tally.Latencies();
        return new()
        {
            AcknowledgedPerSecond = acknowledged / sent.Duration.TotalSeconds,
            AcknowledgeP50 = Sample.Percentile(sent.AcknowledgedMilliseconds, 0.50),
            AcknowledgeP99 = Sample.Percentile(sent.AcknowledgedMilliseconds, 0.99),
            DeliveredPerSecond = target.Delivers && tally.Delivered > 0
                ? tally.Delivered / tally.UntilLast.TotalSeconds
                : null,
            DeliveryP50 = target.Delivers ? Sample.Percentile(latencies, 0.50) : null,
            DeliveryP99 = target.Delivers ? Sample.Percentile(latencies, 0.99) : null,
            CpuMicrosecondsPerEvent = cpu?.TotalMicroseconds / Math.Max(acknowledged, 1),
            PeakMemoryBytes = target.ProcessId is { } tree ? ProcessTree.PeakMemory(tree) : null,
            Refused = sent.Refused,
            Missing = target.Delivers ? Math.Max(0, acknowledged - tally.Delivered) : 0,
            Doubles = tally.Doubles,
        };
    }

    private static TimeSpan? Cpu(Target target) =>
        target.ProcessId is { } process ? ProcessTree.CpuTime(process) : null;
}
