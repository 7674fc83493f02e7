// A whole message as a peer sent it.
using Amqp.Framing;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>The state names a transaction, where the message belongs to one.</summary>
internal readonly record struct IncomingMessage(byte[] Bytes, uint Format, bool IsSettled, DeliveryState? State);
