// One holder per key at a time; keys nobody holds take no memory.
namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>
/// Service Bus answers 409 "another conflicting operation is in progress" when two calls touch one topic, its bus
/// subscriptions or their rules at once; so calls queue up per topic.
/// </summary>
public sealed class KeyedLock
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);

    public async Task<IDisposable> TakeAsync(string key, CancellationToken cancellationToken)
    {
        Entry entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out entry!))
            {
                _entries[key] = entry = new Entry();
            }

            entry.Holders++;
        }

        try
        {
            await entry.Turn.WaitAsync(cancellationToken);
            return new Holder(this, key, entry);
        }
        catch (OperationCanceledException)
        {
            Leave(key, entry);
            throw;
        }
    }

    private void Leave(string key, Entry entry)
    {
        lock (_gate)
        {
            if (--entry.Holders == 0)
            {
                _entries.Remove(key);
            }
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public int Holders { get; set; }
    }

    private sealed class Holder(KeyedLock owner, string key, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            entry.Turn.Release();
            owner.Leave(key, entry);
        }
    }
}
