// The journal's second thread: flushes what a group of operations has written, then tells them how it went.
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.ServiceBus.Store;

/// <summary>
/// One group is being flushed, one may wait. Groups are told in the order in which they were written. After a flush that
/// failed none is ever told that it is on disk: the system forgets what it could not write.
/// </summary>
internal sealed partial class Flusher : IDisposable
{
    private readonly object _gate = new();
    private readonly SqliteStore _store;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private Group? _waiting;
    private bool _stopping;
    private volatile bool _hasFailed;

    public Flusher(SqliteStore store, ILogger logger)
    {
        _store = store;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "servicebus-flush" };
        _thread.Start();
    }

    /// <summary>A flush failed: what the disk holds is in doubt.</summary>
    public bool HasFailed => _hasFailed;

    public bool IsCurrentThread => Thread.CurrentThread == _thread;

    /// <summary>Takes over a group; blocks while another one waits, which is when the next one gathers.</summary>
    public void HandOver(IReadOnlyList<StoreOperation> operations, bool written)
    {
        lock (_gate)
        {
            while (_waiting is not null)
            {
                Monitor.Wait(_gate);
            }

            _waiting = new Group(operations, written);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Flushes and tells what was handed over, then stops.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        if (!IsCurrentThread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        while (Take() is { } group)
        {
            var durable = group.Written && TryFlush(group.Operations.Count);
            foreach (var operation in group.Operations)
            {
                Tell(operation, durable);
            }
        }
    }

    private Group? Take()
    {
        lock (_gate)
        {
            while (_waiting is null && !_stopping)
            {
                Monitor.Wait(_gate);
            }

            var group = _waiting;
            _waiting = null;
            Monitor.PulseAll(_gate);
            return group;
        }
    }

    private bool TryFlush(int count)
    {
        if (_hasFailed)
        {
            return false;
        }

        var started = Stopwatch.GetTimestamp();
        try
        {
            _store.Flush();
            return true;
        }
        catch (IOException problem)
        {
            _hasFailed = true;
            Log.FlushFailed(_logger, problem, count, Stopwatch.GetElapsedTime(started));
            return false;
        }
    }

    private void Tell(StoreOperation operation, bool durable)
    {
        try
        {
            if (durable)
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

    private sealed record Group(IReadOnlyList<StoreOperation> Operations, bool Written);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Critical, Message =
            "Could not flush {Count} operations ({Elapsed}). The store is read-only from here on: what the disk holds " +
            "of them could not be trusted. Sends are refused, /health says 503. Mend the disk, then start again.")]
        public static partial void FlushFailed(ILogger logger, Exception problem, int count, TimeSpan elapsed);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Operation} is done, but telling so failed")]
        public static partial void AudienceFailed(ILogger logger, Exception problem, string operation);
    }
}
