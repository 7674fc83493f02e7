// How long a container that ended waits before it is started again.
namespace ServerlessEventing.Local.Workloads.Processes;

/// <summary>Doubles from one second to one minute; a run of a minute starts it anew.</summary>
internal sealed class CrashBackoff
{
    public static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private TimeSpan next = First;

    /// <summary>The wait after a run that lasted <paramref name="run"/>.</summary>
    public TimeSpan After(TimeSpan run)
    {
        var wait = run >= Longest ? First : next;
        next = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, Longest.Ticks));
        return wait;
    }
}
