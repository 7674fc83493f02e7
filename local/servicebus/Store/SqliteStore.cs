// The store on SQLite in WAL mode, its log flushed by us: definitions, messages, one body a publish, duplicate windows.
using Microsoft.Data.Sqlite;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// <code>
///   entities  path → definition            sequences  mailbox → last sequence number given
///   bodies    id → bytes as sent           duplicates (entity, message-id) → until
///   session_states (mailbox, session) → what its receivers keep
///   messages  id → mailbox, sequence, body, state…; several may refer to one body
/// </code>
/// The write half belongs to the journal's thread alone, but for <see cref="Flush"/>; bodies are read through a
/// connection of their own.
/// </summary>
internal sealed class SqliteStore : IDisposable
{
    private const int SchemaVersion = 2;

    // Up to 16 MB, and a quarter of the file, stay for messages to come.
    private const long SparePages = 4_096;
    private const long ShrinkStep = 1_000;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int NoMemory = 7;
    private const int Full = 13;
    private const int Constraint = 19;
    private readonly SqliteConnection _writer;
    private readonly LogFile? _log;
    private readonly BodyReferences _references = new();
    private readonly StoreCommands _commands;
    private readonly Dictionary<long, long> _sequences = [];
    private long _lastMessageId;
    private long _lastBodyId;
    private bool _wasCut;

    private SqliteStore(SqliteConnection writer, LogFile? log)
    {
        _writer = writer;
        _log = log;
        _commands = new StoreCommands(writer);
    }

    /// <summary>
    /// Opens or creates the store; throws <see cref="StoreUnusableException"/> with what to do about it.
    /// </summary>
    public static SqliteStore Open(string file, bool skipFlush = false)
    {
        try
        {
            var connection = new SqliteConnection($"Data Source={file};Pooling=False");
            connection.Open();
            Execute(connection, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;" +
                $"PRAGMA synchronous={(skipFlush ? "OFF" : "NORMAL")};" +
                "PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-16000;" +
                "PRAGMA temp_store=MEMORY; PRAGMA busy_timeout=30000;");
            var version = (long)Scalar(connection, "PRAGMA user_version")!;
            if (version > SchemaVersion)
            {
                throw new StoreUnusableException(
                    $"{file} was written by a newer version of the emulator (schema {version}, this one knows " +
                    $"{SchemaVersion}). Use that version, or another data folder.");
            }

            if (version == 1)
            {
                // A file that cannot shrink becomes one that can by being written anew.
                Execute(connection, "VACUUM");
            }

            Execute(connection, Schema);
            var store = new SqliteStore(connection, skipFlush ? null : new LogFile(file + "-wal"));
            store._lastMessageId = (long)Scalar(connection, "SELECT coalesce(max(id), 0) FROM messages")!;
            store._lastBodyId = (long)Scalar(connection, "SELECT coalesce(max(id), 0) FROM bodies")!;
            return store;
        }
        catch (Exception problem) when (problem is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreUnusableException(
                $"The store {file} cannot be opened: {problem.Message}. Check that the folder is writable and the " +
                "disk is not full; if the file is damaged, restore it from a copy or start with another data folder.",
                problem);
        }
    }

    public IEnumerable<EntityRow> ReadEntities()
    {
        using var command = _writer.CreateCommand();
        command.CommandText = "SELECT path, id, kind, definition FROM entities ORDER BY id";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return new EntityRow(
                reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3));
        }
    }

    /// <summary>
    /// All messages, oldest first within each mailbox. Learns on the way which bodies are shared: to be read whole,
    /// once, before anything is written.
    /// </summary>
    public IEnumerable<MessageRow> ReadMessages()
    {
        using var scan = new MessageScan(_writer);
        while (scan.TryRead(out var row))
        {
            _references.Load(row.Body);
            yield return row;
        }

        _references.Loaded();
    }

    public IEnumerable<(long Mailbox, long Last)> ReadSequences()
    {
        using var command = _writer.CreateCommand();
        command.CommandText = "SELECT mailbox, last FROM sequences";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return (reader.GetInt64(0), reader.GetInt64(1));
        }
    }

    public IEnumerable<(long Entity, string MessageId, long Until)> ReadDuplicates()
    {
        using var command = _writer.CreateCommand();
        command.CommandText = "SELECT entity, message_id, until FROM duplicates ORDER BY until";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return (reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2));
        }
    }

    public void Begin() => _commands.Begin();

    public void Commit()
    {
        foreach (var (mailbox, last) in _sequences)
        {
            _commands.SaveSequence(mailbox, last);
        }

        _sequences.Clear();
        _commands.Commit();
        _references.Commit();
        _log?.TryReserve();
        if (_wasCut)
        {
            _wasCut = false;
            Checkpoint();
        }
    }

    /// <summary>
    /// Returns when all that is committed is on disk; from any thread, meanwhile more can be written. Throws
    /// <see cref="IOException"/>.
    /// </summary>
    public void Flush() => _log?.Flush();

    /// <summary>
    /// True for failures after which the disk's content is in doubt (I/O and flush errors, corruption); a full disk or
    /// a busy file is not: nothing of that transaction is there, and a later one may succeed.
    /// </summary>
    public static bool IsFatal(Exception problem) =>
        problem is SqliteException { SqliteErrorCode: not (Full or Busy or Locked or NoMemory or Constraint) };

    public void Rollback()
    {
        _references.Rollback();
        _wasCut = false;
        _sequences.Clear();
        try
        {
            _commands.Rollback();
        }
        catch (SqliteException)
        {
            // SQLite rolls back by itself on a full disk or an I/O error; there is nothing left to undo then.
        }
    }

    /// <summary>Writes one body for <paramref name="copies"/> messages.</summary>
    public long InsertBody(byte[] content, int copies)
    {
        var id = ++_lastBodyId;
        _commands.InsertBody(id, content);
        _references.Add(id, copies, isNew: true);
        return id;
    }

    /// <summary>Makes room for more (or fewer) messages that refer to a body that is already there.</summary>
    public void AddReferences(long body, int copies) => _references.Add(body, copies, isNew: false);

    public long NextMessageId() => ++_lastMessageId;

    public void InsertMessage(in MessageRow row) => _commands.InsertMessage(row);

    public void UpdateMessage(long id, int state, int deliveries, byte[]? overlay) =>
        _commands.UpdateMessage(id, state, deliveries, overlay);

    public void UpdateDeliveries(long id, int deliveries) => _commands.UpdateDeliveries(id, deliveries);

    /// <summary>Takes the message away, and its body when no other message refers to it: then true.</summary>
    public bool DeleteMessage(long id, long body)
    {
        _commands.DeleteMessage(id);
        if (!_references.Release(body))
        {
            return false;
        }

        _commands.DeleteBody(body);
        return true;
    }

    /// <summary>Written once at commit, however many messages the mailbox got.</summary>
    public void SaveSequence(long mailbox, long last) => _sequences[mailbox] = last;

    public void RememberDuplicate(long entity, string messageId, long until) =>
        _commands.RememberDuplicate(entity, messageId, until);

    public void ForgetDuplicates(long until) => _commands.ForgetDuplicates(until);

    /// <summary>Null forgets the state.</summary>
    public void SaveSessionState(long mailbox, string session, byte[]? state, long now) =>
        _commands.SaveSessionState(mailbox, session, state, now);

    public void SaveEntity(EntityRow row) => _commands.SaveEntity(row);

    public void DeleteEntity(string path, long id) => _commands.DeleteEntity(path, id);

    /// <summary>Forgets a mailbox that goes, but for its messages.</summary>
    public void DeleteMailbox(long mailbox)
    {
        _sequences.Remove(mailbox);
        _commands.DeleteMailbox(mailbox);
    }

    /// <summary>
    /// Deletes up to so many of a mailbox's messages with ids after <paramref name="after"/>; the id to go on after,
    /// null when none is left.
    /// </summary>
    public long? DeleteMessages(long mailbox, long after, int limit)
    {
        var messages = _commands.FindMessages(mailbox, after, limit);
        messages.ForEach(message => DeleteMessage(message.Id, message.Body));
        return messages.Count < limit ? null : messages[^1].Id;
    }

    /// <summary>Cuts unused pages off the file, a few at a time; true when there is more to cut.</summary>
    public bool TryShrink()
    {
        var free = _commands.FreePages();
        if (free <= SparePages || free <= _commands.Pages() / 4)
        {
            return false;
        }

        _commands.CutPages(Math.Min(free - SparePages, ShrinkStep));
        _wasCut = true;
        return true;
    }

    public void Dispose()
    {
        _log?.Dispose();
        _commands.Dispose();
        _writer.Dispose();
    }

    // The file itself gets shorter with a checkpoint.
    private void Checkpoint()
    {
        try
        {
            Execute(_writer, "PRAGMA wal_checkpoint(PASSIVE)");
        }
        catch (SqliteException)
        {
            // What was committed stays so; a disk that fails will fail the next commit as well.
        }
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static readonly string Schema = $"""
        CREATE TABLE IF NOT EXISTS entities (
            path TEXT PRIMARY KEY COLLATE NOCASE, id INTEGER NOT NULL, kind TEXT NOT NULL, definition TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS sequences (mailbox INTEGER PRIMARY KEY, last INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, content BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS messages (
            id INTEGER PRIMARY KEY, mailbox INTEGER NOT NULL, sequence INTEGER NOT NULL, body INTEGER NOT NULL,
            state INTEGER NOT NULL, deliveries INTEGER NOT NULL, enqueued_sequence INTEGER NOT NULL,
            enqueued INTEGER NOT NULL, due INTEGER NOT NULL, expires INTEGER NOT NULL, hops INTEGER NOT NULL,
            size INTEGER NOT NULL, session TEXT, overlay BLOB);
        CREATE TABLE IF NOT EXISTS duplicates (
            entity INTEGER NOT NULL, message_id TEXT NOT NULL, until INTEGER NOT NULL,
            PRIMARY KEY (entity, message_id)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS session_states (
            mailbox INTEGER NOT NULL, session TEXT NOT NULL, state BLOB NOT NULL, updated INTEGER NOT NULL,
            PRIMARY KEY (mailbox, session)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS duplicates_until ON duplicates (until);
        PRAGMA user_version={SchemaVersion};
        """;
}
