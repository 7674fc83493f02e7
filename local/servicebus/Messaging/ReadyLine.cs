// Messages that may be delivered, oldest first, with those given back in their old place.
namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// New messages arrive in sequence order, so a queue does for them; those that come back (abandoned, lock expired) wait
/// in a heap. The next is the smaller of the two heads. Entries that left in the meantime are skipped when met.
/// </summary>
internal sealed class ReadyLine
{
    private readonly Queue<MessageEntry> _fresh = new();
    private readonly PriorityQueue<MessageEntry, long> _returned = new();

    public void Add(MessageEntry entry) => _fresh.Enqueue(entry);

    public void Return(MessageEntry entry) => _returned.Enqueue(entry, entry.Sequence);

    public MessageEntry? Take()
    {
        DropStale();
        if (_returned.TryPeek(out var returned, out var sequence)
            && (!_fresh.TryPeek(out var next) || sequence < next.Sequence))
        {
            _returned.Dequeue();
            return returned;
        }

        return _fresh.TryDequeue(out var fresh) ? fresh : null;
    }

    public bool IsEmpty()
    {
        DropStale();
        return _fresh.Count == 0 && _returned.Count == 0;
    }

    private void DropStale()
    {
        while (_fresh.TryPeek(out var head) && head.State != EntryState.Active)
        {
            _fresh.Dequeue();
        }

        while (_returned.TryPeek(out var head, out _) && head.State != EntryState.Active)
        {
            _returned.Dequeue();
        }
    }
}
