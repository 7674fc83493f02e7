// A unit of work for the journal: written with others in one transaction, told afterwards how it went.
namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// <see cref="Write"/> runs on the journal's thread and only writes, in the order submitted; what others may see changes
/// in <see cref="Committed"/>, on the flusher's thread, in the same order, once the transaction is on disk. By then later
/// operations may have been written. Neither may block.
/// </summary>
internal abstract class StoreOperation
{
    public abstract void Write(SqliteStore store);

    public abstract void Committed();

    /// <summary>The transaction was rolled back; nothing of this operation is on disk.</summary>
    public abstract void Failed();
}
