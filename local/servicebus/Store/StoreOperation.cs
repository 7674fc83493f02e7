// A unit of work for the journal: written with others in one transaction, told afterwards how it went.
namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// Runs on the journal's thread, in the order submitted. <see cref="Write"/> only writes; what others may see changes
/// in
/// <see cref="Committed"/>, once the transaction is on disk. Neither may block.
/// </summary>
internal abstract class StoreOperation
{
    public abstract void Write(SqliteStore store);

    public abstract void Committed();

    /// <summary>The transaction was rolled back; nothing of this operation is on disk.</summary>
    public abstract void Failed();
}
