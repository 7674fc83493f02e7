// The transactions that the peer of a connection has declared and not yet discharged.
using Amqp.Transactions;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Known to all links of the connection; owned by the coordinator's link that declared them.</summary>
internal sealed class OpenTransactions(Broker broker)
{
    public const int Limit = 50;
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, (CoordinatorLink Owner, Transaction Transaction)> _open = [];

    /// <summary>The transaction's id; null when there are too many.</summary>
    public Guid? TryBegin(CoordinatorLink owner)
    {
        lock (_gate)
        {
            foreach (var (id, (_, transaction)) in _open)
            {
                if (transaction.HasEnded)
                {
                    _open.Remove(id);
                }
            }

            if (_open.Count >= Limit)
            {
                return null;
            }

            var begun = Guid.NewGuid();
            _open.Add(begun, (owner, new Transaction(broker.Journal, broker.Time)));
            return begun;
        }
    }

    public Transaction? Find(TransactionalState state)
    {
        lock (_gate)
        {
            return state.TxnId is { Length: 16 } id && _open.TryGetValue(new Guid(id), out var found)
                ? found.Transaction
                : null;
        }
    }

    /// <summary>Takes one out, to be committed or rolled back; null when there is none.</summary>
    public Transaction? Take(byte[]? id)
    {
        lock (_gate)
        {
            return id is { Length: 16 } && _open.Remove(new Guid(id), out var found) ? found.Transaction : null;
        }
    }

    /// <summary>The link that declared them is gone, and with it whoever could discharge them.</summary>
    public void RollBack(CoordinatorLink owner)
    {
        List<(Guid Id, Transaction Transaction)> left;
        lock (_gate)
        {
            left = _open.Where(pair => pair.Value.Owner == owner).Select(pair => (pair.Key, pair.Value.Transaction)).ToList();
            left.ForEach(item => _open.Remove(item.Id));
        }

        left.ForEach(item => item.Transaction.RollBack());
    }
}
