// Reads the states of sessions from disk.
using Microsoft.Data.Sqlite;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>A connection of its own, as for bodies: sees what was committed. Safe from any thread.</summary>
internal sealed class SessionStates : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;

    public SessionStates(string file)
    {
        _connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        _connection.Open();
    }

    public byte[]? Read(long mailbox, string session)
    {
        lock (_gate)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "SELECT state FROM session_states WHERE mailbox = $mailbox AND session = $session";
            command.Parameters.AddWithValue("$mailbox", mailbox);
            command.Parameters.AddWithValue("$session", session);
            return command.ExecuteScalar() as byte[];
        }
    }

    /// <summary>Sessions whose state was set after a time (Unix milliseconds), in order of their ids.</summary>
    public List<string> UpdatedAfter(long mailbox, long time, int skip, int top)
    {
        lock (_gate)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "SELECT session FROM session_states WHERE mailbox = $mailbox AND updated > $time " +
                "ORDER BY session LIMIT $top OFFSET $skip";
            command.Parameters.AddWithValue("$mailbox", mailbox);
            command.Parameters.AddWithValue("$time", time);
            command.Parameters.AddWithValue("$top", top);
            command.Parameters.AddWithValue("$skip", skip);
            using var reader = command.ExecuteReader();
            var sessions = new List<string>();
            while (reader.Read())
            {
                sessions.Add(reader.GetString(0));
            }

            return sessions;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _connection.Dispose();
        }
    }
}
