// The load: C connections, each sending its next event as soon as the last one was answered, or at its time.
using System.Diagnostics;

namespace ServerlessEventing.Bench.Load;

/// <summary>What the senders saw: how long each event took to be acknowledged, and how many were refused.</summary>
internal sealed record SendResult(TimeSpan Duration, double[] AcknowledgedMilliseconds, int Refused);

/// <summary>
/// Sends a number of events: in a closed loop, or at a rate. At a rate each event has its time, and its latency counts
/// from then, whether or not a connection was free: a target that stalls is not spared the events it held up.
/// </summary>
internal static class Sending
{
    private const int LargestRequest = 4096;

    /// <param name="rate">Events a second; null for a closed loop.</param>
    public static async Task<SendResult> RunAsync(
        Uri target, BenchEvent events, int count, int concurrency, int? rate, CancellationToken cancellationToken)
    {
        var latencies = new double[count];
        var next = -1;
        var refused = 0;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Math.Min(concurrency, count)).Select(_ => SendAsync()));
        return new(Stopwatch.GetElapsedTime(started), [.. latencies.Where(latency => latency > 0)], refused);

        async Task SendAsync()
        {
            using var connection = new PostConnection(target);
            var request = new byte[LargestRequest];
            int number;
            while ((number = Interlocked.Increment(ref next)) < count)
            {
                var sent = rate is { } perSecond
                    ? await ItsTimeAsync(started + (number * Stopwatch.Frequency / perSecond), cancellationToken)
                    : Stopwatch.GetTimestamp();
                var length = events.Write(number, sent, request);
                var status = await connection.PostAsync(request.AsMemory(0, length), cancellationToken);
                if (status is >= 200 and < 300)
                {
                    latencies[number] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                }
                else
                {
                    Interlocked.Increment(ref refused);
                }
            }
        }
    }

    private static async ValueTask<long> ItsTimeAsync(long time, CancellationToken cancellationToken)
    {
        while (time - Stopwatch.GetTimestamp() is var left && left > 0)
        {
            // Timers count whole milliseconds.
            await Task.Delay((int)((left * 1000 / Stopwatch.Frequency) + 1), cancellationToken);
        }

        return time;
    }
}
