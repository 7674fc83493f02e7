// The link of a sender: what arrives is published to its queue or topic.
using Amqp.Framing;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Accepts a message once it is on disk.</summary>
internal sealed class EntityTarget(AmqpSession session, Attach attach, EntityNode node)
    : ReceivingLink(session, attach, Publisher.MaxMessageBytes(node))
{
    protected override void OnMessage(byte[] bytes, uint format, Action<BrokerError?> answer)
    {
        IReadOnlyList<byte[]> messages;
        try
        {
            messages = format == MessageBatch.Format ? MessageBatch.Split(bytes) : [bytes];
        }
        catch (WireFormatException problem)
        {
            answer(BrokerError.Malformed(problem.Message));
            return;
        }

        var broker = Session.Connection.Context.Broker;
        if (broker.Topology.Find(node.Path) != node)
        {
            // The entity is gone, or another one has its name by now: as on Azure the link ends, and the sender's next
            // one finds what is there.
            var gone = BrokerError.NotFound(node.Path);
            answer(gone);
            Detach(gone);
            return;
        }

        broker.Publisher.Publish(node, messages, wantSequences: false, result => answer(result.Error));
    }
}
