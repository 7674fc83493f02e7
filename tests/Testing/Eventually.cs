// Waits for a condition with a deadline; the only way tests wait.
using System.Diagnostics;

namespace ServerlessEventing.Testing;

/// <summary>Polls a condition until it holds or the deadline passes.</summary>
public static class Eventually
{
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    public static Task True(Func<bool> condition, string what, TimeSpan? deadline = null) =>
        True(() => Task.FromResult(condition()), what, deadline);

    public static async Task True(Func<Task<bool>> condition, string what, TimeSpan? deadline = null)
    {
        var limit = deadline ?? DefaultDeadline;
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var look = Stopwatch.StartNew();
            if (await condition())
            {
                return;
            }

            Assert.True(watch.Elapsed < limit, $"Not within {limit.TotalSeconds:0} s: {what}");
            await PauseAfterAsync(look.Elapsed);
        }
    }

    /// <summary>Runs a check until it stops throwing; past the deadline its last failure stands.</summary>
    public static async Task Passes(Func<Task> check, TimeSpan? deadline = null)
    {
        var limit = deadline ?? DefaultDeadline;
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var look = Stopwatch.StartNew();
            try
            {
                await check();
                return;
            }
            catch (Exception) when (watch.Elapsed < limit)
            {
                await PauseAfterAsync(look.Elapsed);
            }
        }
    }

    // Twice as long as the look took: one that starts a process must not slow down what it looks at.
    private static Task PauseAfterAsync(TimeSpan look) =>
        Task.Delay(TimeSpan.FromTicks(Math.Clamp(2 * look.Ticks, ShortestPause.Ticks, LongestPause.Ticks)));
}
