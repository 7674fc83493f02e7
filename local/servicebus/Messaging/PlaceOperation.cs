// Writes what the router decided: new bodies, the copies that refer to them, and the message a move takes them from.
using ServerlessEventing.Local.ServiceBus.Store;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>One message to be placed: newly published (with bytes) or moved (with the entry it leaves).</summary>
internal sealed record PlaceItem(RoutingResult Routing)
{
    public byte[]? Content { get; init; }

    public Mailbox? From { get; init; }

    public MessageEntry? Moved { get; init; }
}

/// <summary>Several items become visible together: a batch is accepted whole or not at all.</summary>
internal sealed class PlaceOperation(
    IReadOnlyList<PlaceItem> items, BodyReader bodies, Action<PlaceOperation, bool>? done) : StoreOperation
{
    private readonly List<(Mailbox Mailbox, MessageEntry Entry)> _placed = [];
    private readonly List<(long Body, byte[] Content)> _written = [];
    private readonly List<long> _bodiesGone = [];
    private readonly List<MessageEntry> _rowsDeleted = [];

    /// <summary>The numbers given, in the order of items and their placements.</summary>
    public IEnumerable<long> Sequences => _placed.Select(placed => placed.Entry.Sequence);

    public override void Write(SqliteStore store)
    {
        foreach (var item in items)
        {
            foreach (var claim in item.Routing.Claims)
            {
                store.RememberDuplicate(claim.Window.Entity, claim.Id, claim.Until);
            }

            WriteItem(store, item);
        }
    }

    public override void Committed()
    {
        foreach (var (body, content) in _written)
        {
            bodies.Remember(body, content);
        }

        foreach (var item in items)
        {
            if (item.Moved is { } moved)
            {
                item.From!.Remove(moved);
            }

            item.Routing.Claims.ForEach(claim => claim.Keep());
        }

        _bodiesGone.ForEach(bodies.Forget);
        foreach (var (mailbox, entry) in _placed)
        {
            mailbox.Add(entry);
        }

        done?.Invoke(this, true);
    }

    public override void Failed()
    {
        _rowsDeleted.ForEach(entry => entry.RowGone = false);
        foreach (var item in items)
        {
            if (item.Moved is { } moved)
            {
                item.From!.ReturnSoon(moved);
            }

            item.Routing.Withdraw();
        }

        done?.Invoke(this, false);
    }

    private void WriteItem(SqliteStore store, PlaceItem item)
    {
        if (item.Moved is { RowGone: true } || item.From is { Deleted: true })
        {
            return;
        }

        var placements = item.Routing.Placements.FindAll(placement => !placement.Mailbox.Deleted);
        if (placements.Count > 0)
        {
            var body = BodyFor(store, item, placements.Count);
            byte[]? encoded = null;
            MessageOverlay? encodedFrom = null;
            foreach (var placement in placements)
            {
                if (!ReferenceEquals(encodedFrom, placement.Overlay))
                {
                    encoded = placement.Overlay.Encode();
                    encodedFrom = placement.Overlay;
                }

                WriteCopy(store, placement, body, item.Content?.Length ?? item.Moved!.Size, encoded);
            }
        }

        if (item.Moved is { } moved)
        {
            moved.RowGone = true;
            _rowsDeleted.Add(moved);
            if (store.DeleteMessage(moved.Id, moved.Body))
            {
                _bodiesGone.Add(moved.Body);
            }
        }
    }

    private long BodyFor(SqliteStore store, PlaceItem item, int copies)
    {
        if (item.Moved is { } moved)
        {
            store.AddReferences(moved.Body, copies);
            return moved.Body;
        }

        var body = store.InsertBody(item.Content!, copies);
        _written.Add((body, item.Content!));
        return body;
    }

    private void WriteCopy(SqliteStore store, Placement placement, long body, int size, byte[]? overlay)
    {
        var mailbox = placement.Mailbox;
        var sequence = ++mailbox.LastSequence;
        var row = placement.ToRow(store.NextMessageId(), sequence, body, size, overlay);
        store.InsertMessage(row);
        store.SaveSequence(mailbox.Id, sequence);
        _placed.Add((mailbox, new MessageEntry(row, row.Overlay)));
    }
}
