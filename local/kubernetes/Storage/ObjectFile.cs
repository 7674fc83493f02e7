// The file behind the store: SQLite, write-ahead log, synchronous FULL. The one seam to durability.
using Microsoft.Data.Sqlite;

namespace ServerlessEventing.Local.Kubernetes.Storage;

/// <summary>Keeps the current state of each object and the highest resourceVersion handed out.</summary>
public sealed class ObjectFile : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly SqliteCommand put;
    private readonly SqliteCommand delete;
    private readonly SqliteCommand mark;

    public ObjectFile(string path)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
        }.ToString());
        connection.Open();
        Execute("PRAGMA journal_mode = WAL");
        Execute("PRAGMA synchronous = FULL");
        Execute("PRAGMA cache_size = -1024");
        Execute("""
            CREATE TABLE IF NOT EXISTS objects (
              resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,
              PRIMARY KEY (resource, namespace, name)) WITHOUT ROWID
            """);
        Execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL)");
        put = Prepare("INSERT OR REPLACE INTO objects VALUES ($resource, $namespace, $name, $body)",
            "$resource", "$namespace", "$name", "$body");
        delete = Prepare("DELETE FROM objects WHERE resource = $resource AND namespace = $namespace AND name = $name",
            "$resource", "$namespace", "$name");
        mark = Prepare("INSERT OR REPLACE INTO meta VALUES ('resourceVersion', $value)", "$value");
    }

    /// <summary>Every object kept, and the highest resourceVersion ever committed.</summary>
    public (IReadOnlyList<StoredObject> Objects, long ResourceVersion) Load()
    {
        var objects = new List<StoredObject>();
        using var all = connection.CreateCommand();
        all.CommandText = "SELECT resource, namespace, name, body FROM objects";
        using (var rows = all.ExecuteReader())
        {
            while (rows.Read())
            {
                var key = new ObjectKey(rows.GetString(0), rows.GetString(1), rows.GetString(2));
                objects.Add(StoredObject.From(key, rows.GetFieldValue<byte[]>(3)));
            }
        }

        using var version = connection.CreateCommand();
        version.CommandText = "SELECT value FROM meta WHERE name = 'resourceVersion'";
        return (objects, version.ExecuteScalar() is long value ? value : 0);
    }

    /// <summary>On disk when it returns.</summary>
    public void Commit(IReadOnlyList<Change> changes, long resourceVersion)
    {
        using var transaction = connection.BeginTransaction();
        foreach (var change in changes)
        {
            var command = change.Kind == ChangeKind.Deleted ? delete : put;
            command.Transaction = transaction;
            command.Parameters[0].Value = change.Object.Key.Resource;
            command.Parameters[1].Value = change.Object.Key.Namespace;
            command.Parameters[2].Value = change.Object.Key.Name;
            if (change.Kind != ChangeKind.Deleted)
            {
                command.Parameters[3].Value = change.Object.Json;
            }

            command.ExecuteNonQuery();
        }

        mark.Transaction = transaction;
        mark.Parameters[0].Value = resourceVersion;
        mark.ExecuteNonQuery();
        transaction.Commit();
    }

    public void Dispose()
    {
        put.Dispose();
        delete.Dispose();
        mark.Dispose();
        connection.Dispose();
    }

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Prepare(string sql, params string[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return command;
    }
}
