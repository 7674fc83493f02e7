// All objects in memory, one writer, one resourceVersion counter; durable before anyone sees a change.
using System.Threading.Channels;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Storage;

/// <summary>
/// The store. Writes are delegates run one after another:
/// <code>
///   WriteAsync ──► queue ──► (1) run each waiting delegate against a Transaction: its own view, refused or kept
///                            (2) commit the batch to the file: one fsync for all of them
///                            (3) under the lock: change the maps, the histories, the watchers' streams
///                            (4) tell the observers (catalog, clean-up)
///                            (5) answer each writer
/// </code>
/// </summary>
public sealed class ObjectStore : IAsyncDisposable
{
    private const int MostBatch = 256;
    private const int MostHistory = 2_000;
    private const long MostHistoryBytes = 8 * 1024 * 1024;
    private const int WatcherCapacity = 4_096;

    private readonly Lock gate = new();
    private readonly ObjectFile file;
    private readonly Dictionary<string, SortedDictionary<ObjectKey, StoredObject>> resources = [];
    private readonly Dictionary<string, HashSet<ObjectKey>> dependents = [];
    private readonly Dictionary<string, WatchHistory> histories = [];
    private readonly List<Watcher> watchers = [];
    private readonly List<Action<IReadOnlyList<Change>>> observers = [];
    private readonly Channel<IPendingWrite> queue = Channel.CreateBounded<IPendingWrite>(
        new BoundedChannelOptions(10_000) { SingleReader = true });

    private readonly long startVersion;
    private readonly Task writer;
    private long resourceVersion;

    public ObjectStore(string path)
    {
        file = new ObjectFile(path);
        var (objects, version) = file.Load();
        foreach (var stored in objects)
        {
            Keep(stored);
            version = Math.Max(version, stored.ResourceVersion);
        }

        resourceVersion = startVersion = Math.Max(version, 1);
        writer = Task.Run(WriteLoopAsync);
    }

    /// <summary>A write waiting its turn.</summary>
    private interface IPendingWrite
    {
        /// <summary>Runs the delegate; false when nothing of it is to be kept.</summary>
        bool Run(Transaction transaction);

        void Answer();

        void Fail(Exception failure);
    }

    public long ResourceVersion => Interlocked.Read(ref resourceVersion);

    /// <summary>Called in commit order, before the writer gets its answer. Add before the first write.</summary>
    public void Observe(Action<IReadOnlyList<Change>> observer) => observers.Add(observer);

    public StoredObject? Find(ObjectKey key)
    {
        lock (gate)
        {
            return FindLocked(key);
        }
    }

    /// <summary>A consistent list, in order of namespace and name, and the resourceVersion it is true at.</summary>
    public (IReadOnlyList<StoredObject> Objects, long ResourceVersion) List(string resource, string? @namespace = null)
    {
        lock (gate)
        {
            return (ListLocked(resource, @namespace), resourceVersion);
        }
    }

    /// <summary>Everything in one namespace, of every resource.</summary>
    public IReadOnlyList<StoredObject> InNamespace(string @namespace)
    {
        lock (gate)
        {
            return [.. resources.Keys.SelectMany(resource => ListLocked(resource, @namespace))];
        }
    }

    /// <summary>Every object; for start-up scans.</summary>
    public IReadOnlyList<StoredObject> All()
    {
        lock (gate)
        {
            return [.. resources.Values.SelectMany(kept => kept.Values)];
        }
    }

    /// <summary>The objects that name an owner by this uid.</summary>
    public IReadOnlyList<StoredObject> DependentsOf(string uid)
    {
        lock (gate)
        {
            return dependents.TryGetValue(uid, out var keys)
                ? [.. keys.Select(FindLocked).OfType<StoredObject>()]
                : [];
        }
    }

    /// <summary>Streams what comes after a resourceVersion; null when that is too long ago.</summary>
    public Watcher? Watch(string resource, long after)
    {
        lock (gate)
        {
            var history = HistoryOf(resource);
            return after < history.Oldest ? null : Register(resource, history.After(after));
        }
    }

    /// <summary>The present state and the stream that follows it without a gap.</summary>
    public (IReadOnlyList<StoredObject> Objects, long ResourceVersion, Watcher Watcher) ListAndWatch(
        string resource, string? @namespace)
    {
        lock (gate)
        {
            return (ListLocked(resource, @namespace), resourceVersion, Register(resource, []));
        }
    }

    /// <summary>
    /// Ends a resource's watches and forgets its past, for one that is no more: if it comes again it begins anew, and a
    /// watch from before that is too old.
    /// </summary>
    public void Close(string resource)
    {
        lock (gate)
        {
            histories[resource] = new WatchHistory(resourceVersion, MostHistory, MostHistoryBytes);
            foreach (var watcher in watchers.FindAll(watcher => watcher.Resource == resource))
            {
                watcher.End();
            }
        }
    }

    /// <summary>Runs a change; a failure it returns, and a transaction it discards, leave nothing behind.</summary>
    public async Task<Result<T>> WriteAsync<T>(
        Func<Transaction, Result<T>> change, CancellationToken cancellationToken)
        where T : class
    {
        var pending = new PendingWrite<T>(change);
        await queue.Writer.WriteAsync(pending, cancellationToken);
        return await pending.Done;
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await writer;
        lock (gate)
        {
            watchers.ForEach(watcher => watcher.End());
            watchers.Clear();
        }

        file.Dispose();
    }

    private async Task WriteLoopAsync()
    {
        var batch = new List<IPendingWrite>();
        while (await queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < MostBatch && queue.Reader.TryRead(out var pending))
            {
                batch.Add(pending);
            }

            RunBatch(batch);
        }
    }

    private void RunBatch(List<IPendingWrite> batch)
    {
        var changes = new List<Change>();
        var overlay = new Dictionary<ObjectKey, StoredObject?>();
        var version = resourceVersion;
        var answered = new List<IPendingWrite>();
        foreach (var pending in batch)
        {
            var transaction = new Transaction(
                key => overlay.TryGetValue(key, out var found) ? found : Find(key),
                resource => List(resource).Objects.Where(stored => !overlay.ContainsKey(stored.Key))
                    .Concat(overlay.Values.OfType<StoredObject>().Where(stored => stored.Key.Resource == resource)),
                version);
            try
            {
                if (pending.Run(transaction) && !transaction.Discard)
                {
                    version = transaction.ResourceVersion;
                    changes.AddRange(transaction.Changes);
                    foreach (var change in transaction.Changes)
                    {
                        overlay[change.Object.Key] = change.Kind == ChangeKind.Deleted ? null : change.Object;
                    }
                }

                answered.Add(pending);
            }
            catch (Exception failure)
            {
                // A bug in one write must not end the loop that every other write needs.
                pending.Fail(failure);
            }
        }

        Finish(answered, changes, version);
    }

    private void Finish(List<IPendingWrite> answered, List<Change> changes, long version)
    {
        try
        {
            if (changes.Count > 0)
            {
                file.Commit(changes, version);
                Publish(changes, version);
            }

            answered.ForEach(pending => pending.Answer());
        }
        catch (Exception failure)
        {
            // The disk refused the batch (full, gone): nobody has seen it, and each writer learns of it.
            answered.ForEach(pending => pending.Fail(failure));
        }
    }

    private void Publish(List<Change> changes, long version)
    {
        lock (gate)
        {
            foreach (var change in changes)
            {
                Forget(change.Object.Key);
                if (change.Kind != ChangeKind.Deleted)
                {
                    Keep(change.Object);
                }

                HistoryOf(change.Object.Key.Resource).Add(change);
                foreach (var watcher in watchers)
                {
                    if (watcher.Resource == change.Object.Key.Resource)
                    {
                        watcher.Offer(change);
                    }
                }
            }

            Interlocked.Exchange(ref resourceVersion, version);
        }

        observers.ForEach(observer => observer(changes));
    }

    private void Keep(StoredObject stored)
    {
        if (!resources.TryGetValue(stored.Key.Resource, out var kept))
        {
            resources[stored.Key.Resource] = kept = [];
        }

        kept[stored.Key] = stored;
        foreach (var uid in stored.OwnerUids)
        {
            if (!dependents.TryGetValue(uid, out var keys))
            {
                dependents[uid] = keys = [];
            }

            keys.Add(stored.Key);
        }
    }

    private void Forget(ObjectKey key)
    {
        if (FindLocked(key) is not { } stored)
        {
            return;
        }

        resources[key.Resource].Remove(key);
        foreach (var uid in stored.OwnerUids)
        {
            if (dependents.TryGetValue(uid, out var keys) && keys.Remove(key) && keys.Count == 0)
            {
                dependents.Remove(uid);
            }
        }
    }

    private StoredObject? FindLocked(ObjectKey key) =>
        resources.TryGetValue(key.Resource, out var kept) ? kept.GetValueOrDefault(key) : null;

    private IReadOnlyList<StoredObject> ListLocked(string resource, string? @namespace) =>
        !resources.TryGetValue(resource, out var kept) ? []
        : @namespace is null ? [.. kept.Values]
        : [.. kept.Values.Where(stored => stored.Key.Namespace == @namespace)];

    private WatchHistory HistoryOf(string resource)
    {
        if (!histories.TryGetValue(resource, out var history))
        {
            // Nothing of this resource has changed since the start, so the start is as far back as anyone can look.
            histories[resource] = history = new WatchHistory(startVersion, MostHistory, MostHistoryBytes);
        }

        return history;
    }

    private Watcher Register(string resource, IEnumerable<Change> missed)
    {
        var watcher = new Watcher(resource, WatcherCapacity, missed, Unregister);
        watchers.Add(watcher);
        return watcher;
    }

    private void Unregister(Watcher watcher)
    {
        lock (gate)
        {
            watchers.Remove(watcher);
        }
    }

    private sealed class PendingWrite<T>(Func<Transaction, Result<T>> change) : IPendingWrite
        where T : class
    {
        private readonly TaskCompletionSource<Result<T>> done =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        private Result<T> result;

        public Task<Result<T>> Done => done.Task;

        public bool Run(Transaction transaction)
        {
            result = change(transaction);
            return result.Failure is null;
        }

        public void Answer() => done.TrySetResult(result);

        public void Fail(Exception failure) => done.TrySetException(failure);
    }
}
