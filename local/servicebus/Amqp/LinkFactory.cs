// Decides what an attaching peer gets: a sender's or receiver's link of an entity, or one of the service nodes.
using Amqp.Framing;
using Amqp.Transactions;
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Security;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Called with the connection's gate held; refusals are values.</summary>
internal static class LinkFactory
{
    private const string CbsAddress = "$cbs";

    public static (AmqpLink? Link, BrokerError? Error) Create(AmqpSession session, Attach attach)
    {
        if (attach.Target is Coordinator)
        {
            return (new CoordinatorLink(session, attach), null);
        }

        // Role is the peer's: true means it receives.
        var address = attach.Role ? (attach.Source as Source)?.Address : (attach.Target as Target)?.Address;
        if (address is null)
        {
            return Refused(new BrokerError(
                "amqp:not-implemented",
                "Links need an address; anonymous targets are not supported."));
        }

        if (EntityPath.Strip(address).Equals(CbsAddress, StringComparison.OrdinalIgnoreCase))
        {
            return attach.Role ? (new ReplyLink(session, attach), null) : (new CbsLink(session, attach), null);
        }

        var path = EntityPath.Parse(address);
        var connection = session.Connection;
        // By the whole address: a token may be for the entity, or for just its $management or its DLQ.
        var rights = path.Part == EntityPart.Management ? AccessRights.None
            : attach.Role ? AccessRights.Listen
            : AccessRights.Send;
        if (!connection.MayUse(EntityPath.Strip(address), rights))
        {
            return Refused(BrokerError.Unauthorized(path.Entity, rights.ToString()));
        }

        var topology = connection.Context.Broker.Topology;
        if (topology.Find(path.Entity) is not { } node)
        {
            return Refused(BrokerError.NotFound(path.Entity));
        }

        if (path.Part == EntityPart.Management)
        {
            return attach.Role
                ? (new ReplyLink(session, attach), null)
                : (new ManagementLink(session, attach, node, MailboxOf(path, node), EntityPath.Strip(address)), null);
        }

        return attach.Role ? Receiving(session, attach, path, node) : Sending(session, attach, path, node);
    }

    private static (AmqpLink? Link, BrokerError? Error) Receiving(
        AmqpSession session, Attach attach, EntityPath path, EntityNode node)
    {
        if (node is TopicNode && !path.OfDeadLetters)
        {
            return Refused(BrokerError.NotAllowed($"'{node.Path}' is a topic: receive from one of its subscriptions."));
        }

        if (!path.OfDeadLetters && node.ForwardTo is not null)
        {
            return Refused(BrokerError.NotAllowed(
                $"Cannot receive from '{node.Path}': it forwards its messages to '{node.ForwardTo}'."));
        }

        if (!node.CanReceive)
        {
            return Refused(BrokerError.Disabled(node.Path));
        }

        var mailbox = MailboxOf(path, node);
        var filter = SessionFilter.Read(attach);
        if (mailbox.Settings.RequiresSession && filter is null)
        {
            return Refused(new BrokerError(
                "amqp:not-allowed",
                "It is not possible for an entity that requires sessions to create a non-sessionful message " +
                $"receiver: '{node.Path}'."));
        }

        if (!mailbox.Settings.RequiresSession && filter is not null)
        {
            return Refused(BrokerError.NotAllowed(
                $"A sessionful message receiver cannot be created on '{mailbox.Path}', which does not require " +
                "sessions."));
        }

        return (new MailboxLink(session, attach, mailbox, filter), null);
    }

    private static (AmqpLink? Link, BrokerError? Error) Sending(
        AmqpSession session, Attach attach, EntityPath path, EntityNode node)
    {
        if (path.OfDeadLetters)
        {
            return Refused(BrokerError.NotAllowed($"Nothing can be sent to a dead-letter queue: '{path.Entity}'."));
        }

        if (node is SubscriptionNode)
        {
            return Refused(BrokerError.NotAllowed($"Send to the topic, not to its subscription '{node.Path}'."));
        }

        return node.CanSend
            ? (new EntityTarget(session, attach, node), null)
            : Refused(BrokerError.Disabled(node.Path));
    }

    private static Mailbox MailboxOf(EntityPath path, EntityNode node) =>
        path.OfDeadLetters ? node.DeadLetters : node.Messages;

    private static (AmqpLink? Link, BrokerError? Error) Refused(BrokerError error) => (null, error);
}
