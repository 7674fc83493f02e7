// Somebody who takes messages from a mailbox: a link of a client, or the emulator itself.
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>A message on its way to a receiver.</summary>
internal sealed record Delivery(Mailbox Mailbox, MessageEntry Entry, Guid LockToken, DeliveryFacts Facts)
{
    /// <summary>The encoded message; set by the pump before the delivery is handed over.</summary>
    public WireMessage? Content { get; set; }

    /// <summary>The copy's overlay when it was taken.</summary>
    public byte[]? Overlay { get; init; }
}

/// <summary>
/// Credit and settle mode of one receiver. Credit belongs to the mailbox and is changed under its lock.
/// </summary>
internal abstract class Receiver(bool receiveAndDelete)
{
    public bool ReceiveAndDelete { get; } = receiveAndDelete;

    public uint Credit { get; set; }

    /// <summary>How many deliveries were taken for it so far: AMQP's delivery-count.</summary>
    public uint DeliveryCount { get; set; }

    public bool Drain { get; set; }

    /// <summary>Taken but not yet handed over: a drain answer waits for these.</summary>
    public int OnTheWay { get; set; }

    /// <summary>The session it holds, and receives from; null for receivers of entities without sessions.</summary>
    public MessageSession? Session { get; set; }

    /// <summary>
    /// False while its connection has too much unsent; it calls the mailbox when there is room again.
    /// </summary>
    public abstract bool HasRoom { get; }

    /// <summary>Hands one message over; false when the receiver is gone.</summary>
    public abstract bool TryDeliver(Delivery delivery);

    /// <summary>After a group of deliveries.</summary>
    public abstract void Flush();

    /// <summary>Nothing is left to deliver and the remaining credit is used up, as the receiver asked.</summary>
    public abstract void Drained(uint deliveryCount);

    /// <summary>The answer to its request for a session: null when it holds one now.</summary>
    public virtual void SessionAnswered(BrokerError? error)
    {
    }

    /// <summary>The mailbox, or the receiver's session lock, is no more.</summary>
    public abstract void Closed(BrokerError error);
}
