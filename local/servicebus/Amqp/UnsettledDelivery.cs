// A message the peer holds under a lock, as its session remembers it.
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Which link sent it and which lock it is under.</summary>
internal sealed record UnsettledDelivery(MailboxLink Link, Mailbox Mailbox, Guid LockToken);
