// The load: C connections, each sending its next event as soon as the last one was answered.
using System.Diagnostics;

namespace ServerlessEventing.Bench.Load;

/// <summary>What the senders saw: how long each event took to be acknowledged, and how many were refused.</summary>
internal sealed record SendResult(TimeSpan Duration, double[] AcknowledgedMilliseconds, int Refused);

/// <summary>Sends a number of events in a closed loop.</summary>
internal static class ClosedLoop
{
    private const int LargestRequest = 4096;

    public static async Task<SendResult> RunAsync(
        Uri target, BenchEvent events, int count, int concurrency, CancellationToken cancellationToken)
    {
        var latencies = new double[count];
        var next = -1;
        var refused = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Math.Min(concurrency, count)).Select(_ => SendAsync()));
        return new(watch.Elapsed, [.. latencies.Where(latency => latency > 0)], refused);

        async Task SendAsync()
        {
            using var connection = new PostConnection(target);
            var request = new byte[LargestRequest];
            int number;
            while ((number = Interlocked.Increment(ref next)) < count)
            {
                var length = events.Write(number, request);
                var sent = Stopwatch.GetTimestamp();
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
}
