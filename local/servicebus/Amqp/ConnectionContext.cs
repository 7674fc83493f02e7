// What every AMQP connection works with.
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Security;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>The broker, and who may use it.</summary>
internal sealed record ConnectionContext(Broker Broker, AccessControl Access)
{
    public string ContainerId { get; } = "eventing-servicebus-" + Guid.NewGuid().ToString("N");
}
