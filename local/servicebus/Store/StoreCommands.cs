// The store's prepared statements, one method each.
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>Prepared once and reused: statements are the journal's inner loop.</summary>
internal sealed class StoreCommands : IDisposable
{
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private readonly Statement _insertBody;
    private readonly Statement _deleteBody;
    private readonly Statement _insertMessage;
    private readonly Statement _updateMessage;
    private readonly Statement _updateDeliveries;
    private readonly Statement _deleteMessage;
    private readonly Statement _saveSequence;
    private readonly Statement _rememberDuplicate;
    private readonly Statement _forgetDuplicates;
    private readonly SqliteConnection _connection;

    public StoreCommands(SqliteConnection connection)
    {
        _connection = connection;
        _begin = new(connection, "BEGIN IMMEDIATE");
        _commit = new(connection, "COMMIT");
        _rollback = new(connection, "ROLLBACK");
        _insertBody = new(connection, "INSERT INTO bodies (id, content) VALUES (?1, ?2)");
        _deleteBody = new(connection, "DELETE FROM bodies WHERE id = ?1");
        _insertMessage = new(
            connection, "INSERT INTO messages VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");
        _updateMessage = new(connection, "UPDATE messages SET state = ?2, deliveries = ?3, overlay = ?4 WHERE id = ?1");
        _updateDeliveries = new(connection, "UPDATE messages SET deliveries = ?2 WHERE id = ?1");
        _deleteMessage = new(connection, "DELETE FROM messages WHERE id = ?1");
        _saveSequence = new(connection, "INSERT OR REPLACE INTO sequences VALUES (?1, ?2)");
        _rememberDuplicate = new(connection, "INSERT OR REPLACE INTO duplicates VALUES (?1, ?2, ?3)");
        _forgetDuplicates = new(connection, "DELETE FROM duplicates WHERE until < ?1");
    }

    public void Begin() => _begin.Run();

    public void Commit() => _commit.Run();

    public void Rollback() => _rollback.Run();

    public void InsertBody(long id, byte[] content) => _insertBody.Bind(id).Bind(content).Run();

    public void DeleteBody(long id) => _deleteBody.Bind(id).Run();

    public void InsertMessage(in MessageRow row) => _insertMessage
        .Bind(row.Id).Bind(row.Mailbox).Bind(row.Sequence).Bind(row.Body).Bind(row.State).Bind(row.DeliveryCount)
        .Bind(row.EnqueuedSequence).Bind(row.EnqueuedTime).Bind(row.DueTime).Bind(row.ExpiresAt).Bind(row.Hops)
        .Bind(row.Size).Bind(row.SessionId).Bind(row.Overlay).Run();

    public void UpdateMessage(long id, int state, int deliveries, byte[]? overlay) =>
        _updateMessage.Bind(id).Bind(state).Bind(deliveries).Bind(overlay).Run();

    public void UpdateDeliveries(long id, int deliveries) => _updateDeliveries.Bind(id).Bind(deliveries).Run();

    public void DeleteMessage(long id) => _deleteMessage.Bind(id).Run();

    public void SaveSequence(long mailbox, long last) => _saveSequence.Bind(mailbox).Bind(last).Run();

    public void RememberDuplicate(long entity, string messageId, long until) =>
        _rememberDuplicate.Bind(entity).Bind(messageId).Bind(until).Run();

    public void ForgetDuplicates(long until) => _forgetDuplicates.Bind(until).Run();

    public void SaveEntity(EntityRow row)
    {
        using var save = Rare("INSERT OR REPLACE INTO entities VALUES (?1, ?2, ?3, ?4)");
        save.Bind(row.Path).Bind(row.Id).Bind(row.Kind).Bind(row.Definition).Run();
    }

    public void DeleteEntity(string path, long id)
    {
        using var entity = Rare("DELETE FROM entities WHERE path = ?1");
        entity.Bind(path).Run();
        using var duplicates = Rare("DELETE FROM duplicates WHERE entity = ?1");
        duplicates.Bind(id).Run();
    }

    public void SaveSessionState(long mailbox, string session, byte[]? state, long now)
    {
        if (state is null)
        {
            using var delete = Rare("DELETE FROM session_states WHERE mailbox = ?1 AND session = ?2");
            delete.Bind(mailbox).Bind(session).Run();
            return;
        }

        using var save = Rare("INSERT OR REPLACE INTO session_states VALUES (?1, ?2, ?3, ?4)");
        save.Bind(mailbox).Bind(session).Bind(state).Bind(now).Run();
    }

    /// <summary>Pages of the file that hold nothing.</summary>
    public long FreePages() => Count("PRAGMA freelist_count");

    public long Pages() => Count("PRAGMA page_count");

    /// <summary>The statement gives a row for each page, and works only as long as it is asked for the next.</summary>
    public void CutPages(long count)
    {
        using var cut = Rare(string.Create(CultureInfo.InvariantCulture, $"PRAGMA incremental_vacuum({count})"));
        cut.Run();
    }

    public List<(long Id, long Body)> FindMessages(long mailbox, long after, int limit)
    {
        using var find = Rare("SELECT id, body FROM messages WHERE mailbox = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
        find.Bind(mailbox).Bind(after).Bind(limit);
        var found = new List<(long, long)>();
        while (find.Next())
        {
            found.Add((find.Integer(0), find.Integer(1)));
        }

        return found;
    }

    public void DeleteMailbox(long mailbox)
    {
        using var sequence = Rare("DELETE FROM sequences WHERE mailbox = ?1");
        sequence.Bind(mailbox).Run();
        using var states = Rare("DELETE FROM session_states WHERE mailbox = ?1");
        states.Bind(mailbox).Run();
    }

    public void Dispose() => Array.ForEach(
        [
            _begin, _commit, _rollback, _insertBody, _deleteBody, _insertMessage, _updateMessage, _deleteMessage,
            _updateDeliveries, _saveSequence, _rememberDuplicate, _forgetDuplicates,
        ],
        statement => statement.Dispose());

    private long Count(string pragma)
    {
        using var count = Rare(pragma);
        return count.Next() ? count.Integer(0) : 0;
    }

    private Statement Rare(string sql) => new(_connection, sql);
}
