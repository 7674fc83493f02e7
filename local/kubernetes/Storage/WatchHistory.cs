// The recent changes of one resource, so that a watch can go on from where it broke off.
namespace ServerlessEventing.Local.Kubernetes.Storage;

/// <summary>A ring bounded in events and bytes. Not thread-safe: the store's lock guards it.</summary>
internal sealed class WatchHistory(long oldest, int mostEvents, long mostBytes)
{
    private readonly Queue<Change> events = new();
    private long bytes;

    /// <summary>A watch can start after this resourceVersion, not before it.</summary>
    public long Oldest { get; private set; } = oldest;

    public void Add(Change change)
    {
        events.Enqueue(change);
        bytes += change.Object.Json.Length;
        while (events.Count > mostEvents || (bytes > mostBytes && events.Count > 1))
        {
            var dropped = events.Dequeue();
            bytes -= dropped.Object.Json.Length;
            Oldest = dropped.ResourceVersion;
        }
    }

    public IEnumerable<Change> After(long resourceVersion) =>
        events.Where(change => change.ResourceVersion > resourceVersion);
}
