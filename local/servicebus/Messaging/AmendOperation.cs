// Changes a message where it is: a delivery counted, properties changed, deferred.
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Updates one message's row, then gives the message back to its mailbox in its new state.</summary>
internal sealed class AmendOperation(
    Mailbox mailbox, MessageEntry entry, EntryState home, int deliveries, byte[]? overlay, Action<bool>? done)
    : StoreOperation
{
    public override void Write(SqliteStore store)
    {
        if (!entry.RowGone)
        {
            store.UpdateMessage(entry.Id, (int)home, deliveries, overlay);
        }
    }

    public override void Committed()
    {
        if (!entry.RowGone)
        {
            entry.Home = home;
            entry.DeliveryCount = deliveries;
            entry.Overlay = overlay;
            mailbox.Return(entry);
        }

        done?.Invoke(true);
    }

    public override void Failed()
    {
        mailbox.ReturnSoon(entry);
        done?.Invoke(false);
    }
}
