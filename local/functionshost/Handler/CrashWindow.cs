// The real host's crash rule: the third crash within thirty minutes stops the host.
namespace ServerlessEventing.Local.FunctionsHost.Handler;

/// <summary>Remembers recent crashes.</summary>
internal sealed class CrashWindow(TimeProvider time)
{
    public const int Most = 3;

    public static readonly TimeSpan Length = TimeSpan.FromMinutes(30);

    private readonly Queue<DateTimeOffset> crashes = new();

    /// <summary>Counts one more; true when that is one too many.</summary>
    public bool Add()
    {
        var now = time.GetUtcNow();
        while (crashes.TryPeek(out var oldest) && now - oldest > Length)
        {
            crashes.Dequeue();
        }

        crashes.Enqueue(now);
        return crashes.Count >= Most;
    }
}
