// Acts on the passing of time in all mailboxes: locks, schedules, expiry, forgotten duplicates, unused space.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>One timer for everything; a mailbox without anything due costs a few comparisons.</summary>
internal sealed partial class Sweeper : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ForgetPeriod = TimeSpan.FromMinutes(1);
    private readonly Topology _topology;
    private readonly Settler _settler;
    private readonly Journal _journal;
    private readonly Reclaimer _reclaimer;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly List<MessageEntry> _lockExpired = [];
    private readonly List<MessageEntry> _due = [];
    private readonly List<MessageEntry> _expired = [];
    private DateTimeOffset _nextForget;
    private int _running;

    public Sweeper(Topology topology, Settler settler, Journal journal, TimeProvider time, ILogger logger)
    {
        _topology = topology;
        _settler = settler;
        _journal = journal;
        _reclaimer = new Reclaimer(journal);
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(_ => Sweep(), null, Period, Period);
    }

    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        if (Interlocked.Exchange(ref _running, 1) == 1)
        {
            return;
        }

        try
        {
            var now = _time.GetUtcNow();
            foreach (var node in _topology.All)
            {
                Sweep(node.Messages, now.ToUnixTimeMilliseconds());
                Sweep(node.DeadLetters, now.ToUnixTimeMilliseconds());
            }

            _reclaimer.Check(now);
            if (now >= _nextForget)
            {
                _nextForget = now + ForgetPeriod;
                _journal.TrySubmit(new ForgetDuplicates(now.ToUnixTimeMilliseconds()));
            }
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    private void Sweep(Mailbox mailbox, long now)
    {
        var toNote = new List<MessageEntry>();
        mailbox.Sweep(now, _lockExpired, _due, _expired, toNote);
        if (toNote.Count > 0)
        {
            _journal.TrySubmit(new NoteOperation(mailbox, toNote));
        }

        Each(mailbox, _lockExpired, _settler.LockExpired);
        Each(mailbox, _due, _settler.Due);
        Each(mailbox, _expired, _settler.Expired);
    }

    private void Each(Mailbox mailbox, List<MessageEntry> entries, Action<Mailbox, MessageEntry> act)
    {
        foreach (var entry in entries)
        {
            try
            {
                act(mailbox, entry);
            }
            catch (Exception problem)
            {
                // A timer's thread: whatever escapes here ends the process.
                Log.Failed(_logger, problem, entry.Sequence, mailbox.Path);
            }
        }

        entries.Clear();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message =
            "What was to happen to message {Sequence} of {Mailbox} by now failed")]
        public static partial void Failed(ILogger logger, Exception problem, long sequence, string mailbox);
    }

    private sealed class ForgetDuplicates(long until) : StoreOperation
    {
        public override void Write(SqliteStore store) => store.ForgetDuplicates(until);

        public override void Committed()
        {
        }

        public override void Failed()
        {
        }
    }
}
