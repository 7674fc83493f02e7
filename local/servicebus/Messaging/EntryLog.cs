// All messages of a mailbox by sequence number, for peeking and for receiving by number.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// Numbers only grow, so a list is sorted by itself: found by binary search, removed by marking, compacted when half of
/// it is gone.
/// </summary>
internal sealed class EntryLog
{
    private readonly List<MessageEntry> _entries = [];
    private int _gone;

    public int Count => _entries.Count - _gone;

    public void Add(MessageEntry entry) => _entries.Add(entry);

    public MessageEntry? Find(long sequence)
    {
        var at = IndexFrom(sequence);
        return at < _entries.Count && _entries[at] is { State: not EntryState.Gone } entry && entry.Sequence == sequence
            ? entry
            : null;
    }

    public IEnumerable<MessageEntry> From(long sequence)
    {
        for (var at = IndexFrom(sequence); at < _entries.Count; at++)
        {
            if (_entries[at].State != EntryState.Gone)
            {
                yield return _entries[at];
            }
        }
    }

    /// <summary>Call after an entry's state became Gone.</summary>
    public void OneGone()
    {
        _gone++;
        if (_gone > 1024 && _gone > _entries.Count / 2)
        {
            _entries.RemoveAll(entry => entry.State == EntryState.Gone);
            _gone = 0;
            _entries.TrimExcess();
        }
    }

    private int IndexFrom(long sequence)
    {
        int low = 0, high = _entries.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_entries[middle].Sequence < sequence)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
