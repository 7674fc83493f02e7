// One client's stream of changes of one resource.
using System.Threading.Channels;

namespace ServerlessEventing.Local.Kubernetes.Storage;

/// <summary>Bounded: a client too slow for it is cut off and comes back with its last resourceVersion.</summary>
public sealed class Watcher : IDisposable
{
    private readonly Channel<Change> changes;
    private readonly Action<Watcher> onDispose;

    internal Watcher(string resource, int capacity, IEnumerable<Change> missed, Action<Watcher> onDispose)
    {
        Resource = resource;
        this.onDispose = onDispose;
        var backlog = missed.ToList();
        changes = Channel.CreateBounded<Change>(new BoundedChannelOptions(capacity + backlog.Count)
        {
            SingleReader = true,
            SingleWriter = false,
        });
        backlog.ForEach(change => changes.Writer.TryWrite(change));
    }

    public string Resource { get; }

    public ChannelReader<Change> Changes => changes.Reader;

    public void Dispose() => onDispose(this);

    internal void Offer(Change change)
    {
        if (!changes.Writer.TryWrite(change))
        {
            changes.Writer.TryComplete();
        }
    }

    internal void End() => changes.Writer.TryComplete();
}
