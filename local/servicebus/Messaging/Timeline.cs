// Messages waiting for a moment: to become due, or to expire.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// A heap by time, each message in it at most once. One that went before its time stays until it is met or half of
/// the heap is such; then they are all let go, so that a long time to live does not keep what was completed long ago.
/// </summary>
internal sealed class Timeline
{
    private const int Spared = 1024;
    private readonly PriorityQueue<MessageEntry, long> _entries = new();
    private int _gone;

    public void Add(MessageEntry entry, long at)
    {
        if (!entry.IsTimed)
        {
            entry.IsTimed = true;
            _entries.Enqueue(entry, at);
        }
    }

    public bool TryTake(long now, out MessageEntry entry)
    {
        if (!_entries.TryPeek(out entry!, out var at) || at > now)
        {
            return false;
        }

        _entries.Dequeue();
        entry.IsTimed = false;
        if (entry.State == EntryState.Gone)
        {
            _gone--;
        }

        return true;
    }

    /// <summary>Call after an entry's state became Gone.</summary>
    public void OneGone(MessageEntry entry)
    {
        if (!entry.IsTimed)
        {
            return;
        }

        _gone++;
        if (_gone > Spared && _gone > _entries.Count / 2)
        {
            var live = _entries.UnorderedItems.Where(item => item.Element.State != EntryState.Gone).ToList();
            _entries.Clear();
            _entries.EnqueueRange(live);
            _entries.TrimExcess();
            _gone = 0;
        }
    }
}
