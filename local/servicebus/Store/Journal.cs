// The one writer: gathers operations that arrive while a commit is under way and puts them into the next transaction.
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// <code>
///   Submit ─►[ pending ]─┐ 1 take all        2 Begin, Write × n, Commit (fsync)      3 Committed × n, in order
///   Submit ─►            └──────────────────► one transaction ─────────────────────► acknowledgements, visibility
/// </code>
/// No timer delays a commit: under load the fsync itself is the time in which the next group gathers.
/// </summary>
internal sealed partial class Journal : IDisposable
{
    private readonly object _gate = new();
    private readonly SqliteStore _store;
    private readonly ILogger _logger;
    private readonly int _capacity;
    private readonly Thread _thread;
    private List<StoreOperation> _pending = [];
    private List<StoreOperation> _writing = [];
    private bool _stopping;
    private volatile bool _readOnly;

    public Journal(SqliteStore store, ILogger logger, int capacity = 100_000)
    {
        _store = store;
        _logger = logger;
        _capacity = capacity;
        _thread = new Thread(Run) { IsBackground = true, Name = "servicebus-journal" };
        _thread.Start();
    }

    public long Commits { get; private set; }

    public long Operations { get; private set; }

    /// <summary>
    /// A write failed in a way that leaves open what the disk holds: nothing more is written until the next start.
    /// </summary>
    public bool IsReadOnly => _readOnly;

    /// <summary>False when the journal has no room or is stopping: the caller answers "busy" or tries later.</summary>
    public bool TrySubmit(StoreOperation operation)
    {
        lock (_gate)
        {
            if (_stopping || _readOnly || _pending.Count >= _capacity)
            {
                return false;
            }

            _pending.Add(operation);
            if (_pending.Count == 1)
            {
                Monitor.Pulse(_gate);
            }

            return true;
        }
    }

    /// <summary>Writes in its turn; false when nothing was written.</summary>
    public Task<bool> RunAsync(Action<SqliteStore> write)
    {
        var operation = new AwaitedOperation(write);
        if (!TrySubmit(operation))
        {
            operation.Failed();
        }

        return operation.Done;
    }

    /// <summary>Writes what is pending, then stops.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        while (TakeAll())
        {
            var committed = TryWriteAll();
            foreach (var operation in _writing)
            {
                Tell(operation, committed);
            }

            _writing.Clear();
        }
    }

    private bool TakeAll()
    {
        lock (_gate)
        {
            while (_pending.Count == 0)
            {
                if (_stopping)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }

            (_pending, _writing) = (_writing, _pending);
            return true;
        }
    }

    private bool TryWriteAll()
    {
        if (_readOnly)
        {
            return false;
        }

        var started = Stopwatch.GetTimestamp();
        try
        {
            _store.Begin();
            foreach (var operation in _writing)
            {
                operation.Write(_store);
            }

            _store.Commit();
            Commits++;
            Operations += _writing.Count;
            return true;
        }
        catch (Exception problem)
        {
            // A full or failing disk, or a bug: nothing of this group was accepted, its senders are told so.
            Log.CommitFailed(_logger, problem, _writing.Count, Stopwatch.GetElapsedTime(started));
            var undone = TryRollback();
            if (!undone || SqliteStore.IsFatal(problem))
            {
                _readOnly = true;
                Log.ReadOnly(_logger);
            }

            return false;
        }
    }

    private bool TryRollback()
    {
        try
        {
            _store.Rollback();
            return true;
        }
        catch (Exception problem)
        {
            Log.RollbackFailed(_logger, problem);
            return false;
        }
    }

    private void Tell(StoreOperation operation, bool committed)
    {
        try
        {
            if (committed)
            {
                operation.Committed();
            }
            else
            {
                operation.Failed();
            }
        }
        catch (Exception problem)
        {
            // One operation's audience must not take the journal, and with it every other sender, down.
            Log.AudienceFailed(_logger, problem, operation.GetType().Name);
        }
    }

    private sealed class AwaitedOperation(Action<SqliteStore> write) : StoreOperation
    {
        private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<bool> Done => _done.Task;

        public override void Write(SqliteStore store) => write(store);

        public override void Committed() => _done.TrySetResult(true);

        public override void Failed() => _done.TrySetResult(false);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Could not write {Count} operations ({Elapsed})")]
        public static partial void CommitFailed(ILogger logger, Exception problem, int count, TimeSpan elapsed);

        [LoggerMessage(Level = LogLevel.Error, Message = "What could not be written could not be undone either")]
        public static partial void RollbackFailed(ILogger logger, Exception problem);

        [LoggerMessage(Level = LogLevel.Critical, Message =
            "The store is read-only from here on: the disk failed a write or a flush, so what it holds of later " +
            "writes could not be trusted. Sends are refused, /health says 503. Mend the disk, then start again.")]
        public static partial void ReadOnly(ILogger logger);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Operation} was committed, but telling so failed")]
        public static partial void AudienceFailed(ILogger logger, Exception problem, string operation);
    }
}
