// The store's prepared statements, one method each.
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>Prepared once and reused: statements are the journal's inner loop.</summary>
internal sealed class StoreCommands : IDisposable
{
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _rollback;
    private readonly SqliteCommand _insertBody;
    private readonly SqliteCommand _deleteBody;
    private readonly SqliteCommand _insertMessage;
    private readonly SqliteCommand _updateMessage;
    private readonly SqliteCommand _updateDeliveries;
    private readonly SqliteCommand _deleteMessage;
    private readonly SqliteCommand _saveSequence;
    private readonly SqliteCommand _rememberDuplicate;
    private readonly SqliteCommand _forgetDuplicates;
    private readonly SqliteCommand _freePages;
    private readonly SqliteCommand _pages;
    private readonly SqliteConnection _connection;

    public StoreCommands(SqliteConnection connection)
    {
        // Prepared on first use: the tables are made before any statement runs.
        _connection = connection;
        _begin = Make("BEGIN IMMEDIATE", 0);
        _commit = Make("COMMIT", 0);
        _rollback = Make("ROLLBACK", 0);
        _insertBody = Make("INSERT INTO bodies (id, content) VALUES ($0, $1)", 2);
        _deleteBody = Make("DELETE FROM bodies WHERE id = $0", 1);
        _insertMessage = Make(
            "INSERT INTO messages VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)", 14);
        _updateMessage = Make("UPDATE messages SET state = $1, deliveries = $2, overlay = $3 WHERE id = $0", 4);
        _updateDeliveries = Make("UPDATE messages SET deliveries = $1 WHERE id = $0", 2);
        _deleteMessage = Make("DELETE FROM messages WHERE id = $0", 1);
        _saveSequence = Make("INSERT OR REPLACE INTO sequences VALUES ($0, $1)", 2);
        _rememberDuplicate = Make("INSERT OR REPLACE INTO duplicates VALUES ($0, $1, $2)", 3);
        _forgetDuplicates = Make("DELETE FROM duplicates WHERE until < $0", 1);
        _freePages = Make("PRAGMA freelist_count", 0);
        _pages = Make("PRAGMA page_count", 0);
    }

    public void Begin() => Run(_begin);

    public void Commit() => Run(_commit);

    public void Rollback() => Run(_rollback);

    public void InsertBody(long id, byte[] content) => Run(_insertBody, id, content);

    public void DeleteBody(long id) => Run(_deleteBody, id);

    public void InsertMessage(in MessageRow row) => Run(
        _insertMessage, row.Id, row.Mailbox, row.Sequence, row.Body, row.State, row.DeliveryCount, row.EnqueuedSequence,
        row.EnqueuedTime, row.DueTime, row.ExpiresAt, row.Hops, row.Size, row.SessionId, row.Overlay);

    public void UpdateMessage(long id, int state, int deliveries, byte[]? overlay) =>
        Run(_updateMessage, id, state, deliveries, overlay);

    public void UpdateDeliveries(long id, int deliveries) => Run(_updateDeliveries, id, deliveries);

    public void DeleteMessage(long id) => Run(_deleteMessage, id);

    public void SaveSequence(long mailbox, long last) => Run(_saveSequence, mailbox, last);

    public void RememberDuplicate(long entity, string messageId, long until) =>
        Run(_rememberDuplicate, entity, messageId, until);

    public void ForgetDuplicates(long until) => Run(_forgetDuplicates, until);

    public void SaveEntity(EntityRow row)
    {
        using var command = Make("INSERT OR REPLACE INTO entities VALUES ($0, $1, $2, $3)", 4);
        Run(command, row.Path, row.Id, row.Kind, row.Definition);
    }

    public void DeleteEntity(string path, long id)
    {
        using var entity = Make("DELETE FROM entities WHERE path = $0", 1);
        Run(entity, path);
        using var duplicates = Make("DELETE FROM duplicates WHERE entity = $0", 1);
        Run(duplicates, id);
    }

    public void SaveSessionState(long mailbox, string session, byte[]? state, long now)
    {
        if (state is null)
        {
            using var delete = Make("DELETE FROM session_states WHERE mailbox = $0 AND session = $1", 2);
            Run(delete, mailbox, session);
            return;
        }

        using var save = Make("INSERT OR REPLACE INTO session_states VALUES ($0, $1, $2, $3)", 4);
        Run(save, mailbox, session, state, now);
    }

    /// <summary>Pages of the file that hold nothing.</summary>
    public long FreePages() => (long)_freePages.ExecuteScalar()!;

    public long Pages() => (long)_pages.ExecuteScalar()!;

    /// <summary>The statement gives a row for each page, and works only as long as it is asked for the next.</summary>
    public void CutPages(long count)
    {
        using var cut = Make(string.Create(CultureInfo.InvariantCulture, $"PRAGMA incremental_vacuum({count})"), 0);
        using var pages = cut.ExecuteReader();
        while (pages.Read())
        {
        }
    }

    public List<(long Id, long Body)> FindMessages(long mailbox, long after, int limit)
    {
        using var select = Make("SELECT id, body FROM messages WHERE mailbox = $0 AND id > $1 ORDER BY id LIMIT $2", 3);
        Bind(select, mailbox, after, limit);
        using var reader = select.ExecuteReader();
        var found = new List<(long, long)>();
        while (reader.Read())
        {
            found.Add((reader.GetInt64(0), reader.GetInt64(1)));
        }

        return found;
    }

    public void DeleteMailbox(long mailbox)
    {
        using var sequence = Make("DELETE FROM sequences WHERE mailbox = $0", 1);
        Run(sequence, mailbox);
        using var states = Make("DELETE FROM session_states WHERE mailbox = $0", 1);
        Run(states, mailbox);
    }

    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])
        [
            _begin, _commit, _rollback, _insertBody, _deleteBody, _insertMessage, _updateMessage, _deleteMessage,
            _updateDeliveries, _saveSequence, _rememberDuplicate, _forgetDuplicates, _freePages, _pages,
        ])
        {
            command.Dispose();
        }
    }

    private SqliteCommand Make(string sql, int parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var index = 0; index < parameters; index++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = "$" + index, Value = DBNull.Value });
        }

        return command;
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        Bind(command, values);
        command.ExecuteNonQuery();
    }

    private static void Bind(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var index = 0; index < values.Length; index++)
        {
            command.Parameters[index].Value = values[index] ?? DBNull.Value;
        }
    }
}
