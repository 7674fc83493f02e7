// The link of a sender: what arrives is published to its queue or topic.
using Amqp.Framing;
using Amqp.Transactions;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Accepts a message once it is on disk.</summary>
internal sealed class EntityTarget(AmqpSession session, Attach attach, EntityNode node)
    : ReceivingLink(session, attach, Publisher.MaxMessageBytes(node))
{
    protected override void OnMessage(IncomingMessage message, Action<DeliveryState> answer)
    {
        IReadOnlyList<byte[]> messages;
        try
        {
            messages = message.Format == MessageBatch.Format ? MessageBatch.Split(message.Bytes) : [message.Bytes];
        }
        catch (WireFormatException problem)
        {
            answer(BrokerError.Malformed(problem.Message).ToRejected());
            return;
        }

        var broker = Session.Connection.Context.Broker;
        if (broker.Topology.Find(node.Path) != node)
        {
            // The entity is gone, or another one has its name by now: as on Azure the link ends, and the sender's next
            // one finds what is there.
            var gone = BrokerError.NotFound(node.Path);
            answer(gone.ToRejected());
            Detach(gone);
            return;
        }

        if (message.State is TransactionalState state)
        {
            PublishTogether(message, messages, state, answer);
            return;
        }

        broker.Publisher.Publish(node, messages, wantSequences: false, result =>
            answer(result.Error?.ToRejected() ?? (DeliveryState)AcceptedState));
    }

    /// <summary>Answered as soon as it is part of the transaction; the discharge says what came of it.</summary>
    private void PublishTogether(
        IncomingMessage message, IReadOnlyList<byte[]> messages, TransactionalState state,
        Action<DeliveryState> answer)
    {
        var transaction = Session.Connection.Transactions.Find(state);
        var refusal = transaction is null ? BrokerError.NoTransaction : null;
        if (transaction is not null)
        {
            Session.Connection.Context.Broker.Publisher.Publish(
                node, messages, wantSequences: false, result => refusal = result.Error, transaction);
        }

        if (refusal is not null && message.IsSettled)
        {
            // Nobody will read the refusal, so the discharge must tell.
            transaction?.RollBack();
        }

        answer(refusal?.ToRejected()
            ?? (DeliveryState)new TransactionalState { TxnId = state.TxnId, Outcome = AcceptedState });
    }
}
