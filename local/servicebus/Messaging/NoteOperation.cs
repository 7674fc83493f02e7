// Writes down how often messages have been delivered, with the deliveries under way.
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Nobody waits for it: a settlement says the same, later.</summary>
internal sealed class NoteOperation(Mailbox mailbox, IReadOnlyList<MessageEntry> entries) : StoreOperation
{
    public override void Write(SqliteStore store)
    {
        foreach (var entry in entries)
        {
            if (!entry.RowGone && mailbox.DeliveriesOf(entry) is { } deliveries)
            {
                store.UpdateDeliveries(entry.Id, deliveries);
            }
        }
    }

    public override void Committed()
    {
    }

    public override void Failed()
    {
    }
}
