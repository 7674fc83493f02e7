// Reads bodies back: from a bounded cache of recent ones, else from disk.
using Microsoft.Data.Sqlite;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// What was published lately is most likely what is delivered next, so publishes put their bodies here; over the limit
/// the oldest go first. Safe from any thread.
/// </summary>
internal sealed class BodyReader : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lock _diskGate = new();
    private readonly Dictionary<long, byte[]> _recent = [];
    private readonly Queue<long> _order = new();
    private readonly long _limit;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _select;
    private long _bytes;
    private bool _disposed;

    public BodyReader(string file, long cacheBytes)
    {
        _limit = cacheBytes;
        _connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        _connection.Open();
        _select = _connection.CreateCommand();
        _select.CommandText = "SELECT content FROM bodies WHERE id = $id";
        _select.Parameters.Add("$id", SqliteType.Integer);
    }

    public void Remember(long id, byte[] content)
    {
        lock (_gate)
        {
            if (!_recent.TryAdd(id, content))
            {
                return;
            }

            _order.Enqueue(id);
            _bytes += content.Length;
            while (_bytes > _limit && _order.TryDequeue(out var oldest))
            {
                if (_recent.Remove(oldest, out var evicted))
                {
                    _bytes -= evicted.Length;
                }
            }
        }
    }

    public void Forget(long id)
    {
        lock (_gate)
        {
            if (_recent.Remove(id, out var content))
            {
                _bytes -= content.Length;
            }

            // An old body that stays must not let the ids of forgotten ones pile up behind it.
            if (_order.Count > (4 * _recent.Count) + 1024)
            {
                var live = _order.Where(_recent.ContainsKey).ToArray();
                _order.Clear();
                Array.ForEach(live, _order.Enqueue);
            }
        }
    }

    /// <summary>The body's bytes; null when no message refers to it any more.</summary>
    public byte[]? Read(long id)
    {
        lock (_gate)
        {
            if (_recent.TryGetValue(id, out var content))
            {
                return content;
            }
        }

        lock (_diskGate)
        {
            if (_disposed)
            {
                return null;
            }

            _select.Parameters[0].Value = id;
            return _select.ExecuteScalar() as byte[];
        }
    }

    public void Dispose()
    {
        lock (_diskGate)
        {
            _disposed = true;
            _select.Dispose();
            _connection.Dispose();
        }
    }
}
