// Sends and settlements that happen together or not at all.
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// <code>
///   1 TryAdd: routed or taken from its lock, not written   2 Commit: one operation of the journal, so one commit
///                                                          2' RollBack, or its time is up: all as it was
/// </code>
/// Entities do not matter: the store has one writer.
/// </summary>
internal sealed class Transaction
{
    public const int MaxMessages = 100;
    public static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(2);
    private readonly Lock _gate = new();
    private readonly List<StoreOperation> _operations = [];
    private readonly Journal _journal;
    private readonly ITimer _limit;
    private int _messages;
    private BrokerError? _ended;

    public Transaction(Journal journal, TimeProvider time)
    {
        _journal = journal;
        _limit = time.CreateTimer(
            _ => RollBack(BrokerError.TransactionTimeout), null, TimeLimit, Timeout.InfiniteTimeSpan);
    }

    public bool HasEnded => Volatile.Read(ref _ended) is not null;

    /// <summary>Why no more messages can be added; null when they can.</summary>
    public BrokerError? RefusalOf(int messages)
    {
        lock (_gate)
        {
            return _ended ?? (_messages + messages > MaxMessages ? BrokerError.FullTransaction : null);
        }
    }

    public bool TryAdd(StoreOperation operation, int messages = 1)
    {
        lock (_gate)
        {
            if (RefusalOf(messages) is not null)
            {
                return false;
            }

            _messages += messages;
            _operations.Add(operation);
            return true;
        }
    }

    /// <summary>Calls <paramref name="done"/> once: with null when everything is on disk.</summary>
    public void Commit(Action<BrokerError?> done)
    {
        if (TryEnd(BrokerError.NoTransaction) is { } reason)
        {
            done(reason);
            return;
        }

        var all = new AllOrNothing(_operations, done);
        if (!_journal.TrySubmit(all))
        {
            all.Failed();
        }
    }

    /// <summary>A commit that comes later is told the reason.</summary>
    public void RollBack(BrokerError? reason = null)
    {
        if (TryEnd(reason ?? BrokerError.RolledBack) is null)
        {
            _operations.ForEach(operation => operation.Failed());
        }
    }

    /// <summary>Why it had ended before; null when it ends now.</summary>
    private BrokerError? TryEnd(BrokerError reason)
    {
        lock (_gate)
        {
            if (_ended is not null)
            {
                return _ended;
            }

            _ended = reason;
            _limit.Dispose();
            return null;
        }
    }

    private sealed class AllOrNothing(List<StoreOperation> operations, Action<BrokerError?> done) : StoreOperation
    {
        public override void Write(SqliteStore store) => operations.ForEach(operation => operation.Write(store));

        public override void Committed()
        {
            operations.ForEach(operation => operation.Committed());
            done(null);
        }

        public override void Failed()
        {
            operations.ForEach(operation => operation.Failed());
            done(BrokerError.RolledBack);
        }
    }
}
