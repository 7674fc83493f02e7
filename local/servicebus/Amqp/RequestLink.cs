// A link on which requests arrive; finds the link that their answers belong on.
using Amqp;
using Amqp.Framing;
using Amqp.Transactions;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>The request half of a request/response pair.</summary>
internal abstract class RequestLink(AmqpSession session, Attach attach) : ReceivingLink(session, attach, MaxRequestSize)
{
    private const long MaxRequestSize = 1024 * 1024;

    protected sealed override void OnMessage(IncomingMessage message, Action<DeliveryState> answer)
    {
        if (message.State is TransactionalState)
        {
            answer(BrokerError.NotAllowed("Requests are not taken in a transaction.").ToRejected());
            return;
        }

        var bytes = message.Bytes;
        Message request;
        try
        {
            WireMessage.Check(bytes);
            request = Message.Decode(new ByteBuffer(bytes, 0, bytes.Length, bytes.Length));
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            answer(BrokerError.Malformed(problem.Message).ToRejected());
            return;
        }

        answer(AcceptedState);
        OnRequest(request, reply => Send(request, reply));
    }

    /// <summary>Handles one request; the answer may come later and from another thread.</summary>
    protected abstract void OnRequest(Message request, Action<Message> reply);

    protected static string? Text(Message request, string property) =>
        request.ApplicationProperties?.Map.TryGetValue(property, out var value) == true ? value?.ToString() : null;

    private void Send(Message request, Message reply)
    {
        reply.Properties = new Properties();
        if (request.Properties?.GetMessageId() is { } id)
        {
            reply.Properties.SetCorrelationId(id);
        }

        FindReplyLink(request.Properties?.ReplyTo)?.Send(reply);
    }

    /// <summary>
    /// Clients name the answering link in three ways: by its target address, by its link name, or only by opening it in
    /// the same session.
    /// </summary>
    private ReplyLink? FindReplyLink(string? replyTo)
    {
        lock (Session.Connection.Gate)
        {
            var all = Session.Connection.Links.OfType<ReplyLink>().ToList();
            return all.Find(link => replyTo is not null && link.TargetAddress == replyTo)
                ?? all.Find(link => replyTo is not null && link.Name == replyTo)
                ?? all.Find(link => link.Session == Session);
        }
    }
}
