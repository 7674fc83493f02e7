// The one writer: gathers operations that arrive while a commit is under way and puts them into the next transaction.
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// <code>
///   Submit ─►[ pending ]─┐ 1 take all       2 Begin, Write × n, Commit      3 Flusher: flush      4 Committed × n
///   Submit ─►            └─────────────────► one transaction, in the log ──► the log on disk ─────► acknowledgements
/// </code>
/// No timer delays a commit: while one group is flushed the next is written, and the one after that gathers.
/// </summary>
internal sealed partial class Journal : IDisposable
{
    private readonly object _gate = new();
    private readonly SqliteStore _store;
    private readonly ILogger _logger;
    private readonly int _capacity;
    private readonly Flusher _flusher;
    private readonly Thread _thread;
    private List<StoreOperation> _pending = [];
    private bool _stopping;
    private volatile bool _readOnly;

    public Journal(SqliteStore store, ILogger logger, int capacity = 100_000)
    {
        _store = store;
        _logger = logger;
        _capacity = capacity;
        _flusher = new Flusher(store, logger);
        _thread = new Thread(Run) { IsBackground = true, Name = "servicebus-journal" };
        _thread.Start();
    }

    public long Commits { get; private set; }

    public long Operations { get; private set; }

    /// <summary>
    /// A write failed in a way that leaves open what the disk holds: nothing more is written until the next start.
    /// </summary>
    public bool IsReadOnly => _readOnly || _flusher.HasFailed;

    /// <summary>False when the journal has no room or is stopping: the caller answers "busy" or tries later.</summary>
    public bool TrySubmit(StoreOperation operation)
    {
        lock (_gate)
        {
            if (_stopping || IsReadOnly || _pending.Count >= _capacity)
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

        if (!_flusher.IsCurrentThread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        while (TakeAll() is { Count: > 0 } group)
        {
            _flusher.HandOver(group, TryWrite(group));
        }

        _flusher.Dispose();
    }

    /// <summary>Empty when there is nothing more to come.</summary>
    private List<StoreOperation> TakeAll()
    {
        lock (_gate)
        {
            while (_pending.Count == 0 && !_stopping)
            {
                Monitor.Wait(_gate);
            }

            var taken = _pending;
            _pending = [];
            return taken;
        }
    }

    private bool TryWrite(List<StoreOperation> group)
    {
        if (IsReadOnly)
        {
            return false;
        }

        var started = Stopwatch.GetTimestamp();
        try
        {
            _store.Begin();
            foreach (var operation in group)
            {
                operation.Write(_store);
            }

            _store.Commit();
            Commits++;
            Operations += group.Count;
            return true;
        }
        catch (Exception problem)
        {
            // A full or failing disk, or a bug: nothing of this group was accepted, its senders are told so.
            Log.CommitFailed(_logger, problem, group.Count, Stopwatch.GetElapsedTime(started));
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
    }
}
