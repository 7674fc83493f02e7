// A link on which we send.
using Amqp.Framing;
using Amqp.Types;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Answers the attach as a sender.</summary>
internal abstract class SendingLink(AmqpSession session, Attach attach) : AmqpLink(session, attach)
{
    protected bool SettlesOnSend { get; } = attach.SndSettleMode == SenderSettleMode.Settled;

    /// <summary>The address the peer gave its own end, if it gave one.</summary>
    public string? TargetAddress { get; } = (attach.Target as Target)?.Address;

    /// <summary>The source as the answer names it.</summary>
    protected virtual object? AnswerSource => Peer.Source;

    protected virtual Fields? AnswerProperties => null;

    public override void Attach()
    {
        Session.Write(new Attach
        {
            LinkName = Name,
            Handle = Handle,
            Role = false,
            SndSettleMode = Peer.SndSettleMode,
            RcvSettleMode = Peer.RcvSettleMode,
            Source = AnswerSource,
            Target = Peer.Target ?? new Target(),
            InitialDeliveryCount = 0,
            Properties = AnswerProperties,
        });
    }
}
