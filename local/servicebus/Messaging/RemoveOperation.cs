// Takes messages away for good: completed, received and deleted, cancelled, expired.
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Deletes one message, and its body with the last copy.</summary>
internal sealed class RemoveOperation(Mailbox mailbox, MessageEntry entry, BodyReader bodies, Action<bool>? done)
    : StoreOperation
{
    private bool _rowDeleted;
    private bool _bodyGone;

    public override void Write(SqliteStore store)
    {
        if (!entry.RowGone && !mailbox.Deleted)
        {
            entry.RowGone = true;
            _rowDeleted = true;
            _bodyGone = store.DeleteMessage(entry.Id, entry.Body);
        }
    }

    public override void Committed()
    {
        if (_bodyGone)
        {
            bodies.Forget(entry.Body);
        }

        mailbox.Remove(entry);
        done?.Invoke(true);
    }

    public override void Failed()
    {
        if (_rowDeleted)
        {
            entry.RowGone = false;
        }

        mailbox.ReturnSoon(entry);
        done?.Invoke(false);
    }
}
