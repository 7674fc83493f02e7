// The transaction coordinator: declares transactions and discharges them.
using Amqp;
using Amqp.Framing;
using Amqp.Transactions;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>
/// <code>
///   1 declare ─► declared (id)   2 sends, settlements with the id ─► each answered, none visible
///   3 discharge ─► all on disk in one commit: accepted      3' fail, this link gone, time up: all as it was
/// </code>
/// </summary>
internal sealed class CoordinatorLink(AmqpSession session, Attach attach)
    : ReceivingLink(session, attach, MaxRequestSize)
{
    private const long MaxRequestSize = 4 * 1024;
    private readonly OpenTransactions _transactions = session.Connection.Transactions;

    public override void Closed() => _transactions.RollBack(this);

    protected override void OnMessage(IncomingMessage message, Action<DeliveryState> answer)
    {
        object? request;
        try
        {
            WireMessage.Check(message.Bytes);
            request = Message.Decode(new ByteBuffer(message.Bytes, 0, message.Bytes.Length, message.Bytes.Length)).Body;
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            answer(BrokerError.Malformed(problem.Message).ToRejected());
            return;
        }

        switch (request)
        {
            case Declare:
                answer(_transactions.TryBegin(this) is { } id
                    ? new Declared { TxnId = id.ToByteArray() }
                    : BrokerError.TooManyTransactions(OpenTransactions.Limit).ToRejected());
                break;
            case Discharge discharge:
                Discharge(discharge, answer);
                break;
            default:
                answer(BrokerError.Malformed("A coordinator takes declare and discharge.").ToRejected());
                break;
        }
    }

    private void Discharge(Discharge discharge, Action<DeliveryState> answer)
    {
        if (_transactions.Take(discharge.TxnId) is not { } transaction)
        {
            answer(BrokerError.NoTransaction.ToRejected());
        }
        else if (discharge.Fail)
        {
            transaction.RollBack();
            answer(AcceptedState);
        }
        else
        {
            transaction.Commit(error => answer(error?.ToRejected() ?? (DeliveryState)AcceptedState));
        }
    }
}
