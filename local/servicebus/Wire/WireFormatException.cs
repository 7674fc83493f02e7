// Bytes that are not the AMQP they claim to be; mapped to amqp:decode-error where they came in.
namespace ServerlessEventing.Local.ServiceBus.Wire;

/// <summary>Malformed AMQP from a peer.</summary>
internal sealed class WireFormatException(string message) : Exception(message);
