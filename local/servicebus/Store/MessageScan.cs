// Reads the whole table of messages at the start.
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// Straight from SQLite's own functions: with a million messages waiting, what a data reader adds to each column is
/// more than half of the start.
/// </summary>
internal sealed class MessageScan : IDisposable
{
    private const string Columns =
        "id, mailbox, sequence, body, state, deliveries, enqueued_sequence, enqueued, due, expires, hops, size, " +
        "session, overlay";

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public MessageScan(SqliteConnection connection)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_database, $"SELECT {Columns} FROM messages ORDER BY id", out _statement));
    }

    public bool TryRead(out MessageRow row)
    {
        var result = raw.sqlite3_step(_statement);
        if (result != raw.SQLITE_ROW)
        {
            Check(result);
            row = default;
            return false;
        }

        row = new MessageRow
        {
            Id = Long(0),
            Mailbox = Long(1),
            Sequence = Long(2),
            Body = Long(3),
            State = Int(4),
            DeliveryCount = Int(5),
            EnqueuedSequence = Long(6),
            EnqueuedTime = Long(7),
            DueTime = Long(8),
            ExpiresAt = Long(9),
            Hops = Int(10),
            Size = Int(11),
            SessionId = IsNull(12) ? null : raw.sqlite3_column_text(_statement, 12).utf8_to_string(),
            Overlay = IsNull(13) ? null : raw.sqlite3_column_blob(_statement, 13).ToArray(),
        };
        return true;
    }

    public void Dispose() => _statement.Dispose();

    private long Long(int column) => raw.sqlite3_column_int64(_statement, column);

    private int Int(int column) => raw.sqlite3_column_int(_statement, column);

    private bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    private void Check(int result)
    {
        if (result is not (raw.SQLITE_OK or raw.SQLITE_DONE))
        {
            SqliteException.ThrowExceptionForRC(result, _database);
        }
    }
}
