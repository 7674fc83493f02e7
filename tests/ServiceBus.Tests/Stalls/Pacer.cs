// How evenly this process itself gets to run: what a busy machine holds up is no stall of a receiver.
using System.Diagnostics;

namespace ServerlessEventing.ServiceBus.Tests.Stalls;

/// <summary>Ticks every 10 ms and remembers the longest time between two ticks.</summary>
internal sealed class Pacer
{
    private long last = Stopwatch.GetTimestamp();

    public TimeSpan Worst { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!cancellationToken.IsCancellationRequested && await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            var now = Stopwatch.GetTimestamp();
            var gap = Stopwatch.GetElapsedTime(last, now);
            Worst = gap > Worst ? gap : Worst;
            last = now;
        }
    }
}
