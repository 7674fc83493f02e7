// Keeps a house that stays up for days as small as it is after its first minute.
namespace ServerlessEventing.Cli.House;

/// <summary>
/// Collects the old generation once a minute, beside the work. Left alone, the collector lets what start-up and passing
/// messages leave there grow by tens of megabytes before it looks: right for a server, not for a laptop's background.
/// </summary>
internal sealed class SmallHeap(TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly ITimer timer = time.CreateTimer(
        _ => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false), null, Period, Period);

    public ValueTask DisposeAsync() => timer.DisposeAsync();
}
