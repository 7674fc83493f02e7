// The deliveries of one run.
using System.Diagnostics;

namespace ServerlessEventing.Bench.Load;

/// <summary>Counts each event once; a second delivery of it is a double.</summary>
internal sealed class Tally(int run, int count)
{
    private readonly double[] milliseconds = new double[count];
    private readonly int[] deliveries = new int[count];
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private long lastTicks;
    private int delivered;
    private int doubles;

    public int Run => run;

    public int Count => count;

    public int Delivered => Volatile.Read(ref delivered);

    public int Doubles => Volatile.Read(ref doubles);

    /// <summary>From the start of the run to its last first delivery.</summary>
    public TimeSpan UntilLast => TimeSpan.FromTicks(Volatile.Read(ref lastTicks));

    public void Add(int number, double latency)
    {
        if (Interlocked.Increment(ref deliveries[number]) > 1)
        {
            Interlocked.Increment(ref doubles);
            return;
        }

        milliseconds[number] = latency;
        Volatile.Write(ref lastTicks, watch.Elapsed.Ticks);
        Interlocked.Increment(ref delivered);
    }

    public double[] Latencies() => [.. milliseconds.Where((_, number) => deliveries[number] > 0)];

    /// <summary>Waits until <paramref name="expected"/> have come, or none has for a while; true if all came.</summary>
    public async Task<bool> WaitAsync(int expected, TimeSpan patience, CancellationToken cancellationToken)
    {
        var seen = Delivered;
        var quiet = Stopwatch.StartNew();
        while (Delivered < expected && quiet.Elapsed < patience)
        {
            await Task.Delay(10, cancellationToken);
            if (Delivered != seen)
            {
                seen = Delivered;
                quiet.Restart();
            }
        }

        return Delivered >= expected;
    }
}
