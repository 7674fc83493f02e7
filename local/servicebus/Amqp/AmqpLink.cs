// What both directions of a link have in common.
using Amqp.Framing;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>A link the peer attached. The handle is the peer's; we use the same.</summary>
internal abstract class AmqpLink(AmqpSession session, Attach attach)
{
    public AmqpSession Session { get; } = session;

    public string Name { get; } = attach.LinkName;

    public uint Handle { get; } = attach.Handle;

    protected Attach Peer { get; } = attach;

    /// <summary>Nothing may be sent for it any more; changes with the gate held.</summary>
    protected bool IsClosed { get; private set; }

    /// <summary>Answers the attach; called with the gate held.</summary>
    public abstract void Attach();

    public abstract void OnFlow(Flow flow);

    /// <summary>The session has let go of the link; called with the gate held, before the peer is told.</summary>
    public void End() => IsClosed = true;

    /// <summary>The link is gone, whoever ended it. Called once, after <see cref="End"/>, without the gate.</summary>
    public virtual void Closed()
    {
    }

    /// <summary>The connection can take messages again.</summary>
    public virtual void RoomAgain()
    {
    }

    /// <summary>Ends the link from our side.</summary>
    public void Detach(BrokerError error)
    {
        lock (Session.Connection.Gate)
        {
            if (IsClosed)
            {
                return;
            }

            Session.Remove(this);
            Session.FlushDispositions();
            Session.Write(new Detach { Handle = Handle, Closed = true, Error = error.ToAmqp() });
        }

        Closed();
    }
}

/// <summary>Broker errors as AMQP says them.</summary>
internal static class AmqpErrors
{
    public static Error ToAmqp(this BrokerError error) => new(error.Condition) { Description = error.Description };

    public static Rejected ToRejected(this BrokerError error) => new() { Error = error.ToAmqp() };
}
