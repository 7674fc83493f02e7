// The link of a receiver: messages of one mailbox, settled by the peer's dispositions.
using Amqp.Framing;
using Amqp.Transactions;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>
/// The peer's outcome becomes a settlement; once that is on disk the answer is the same kind of outcome without an
/// error, or rejected with one. The state that arrived is never sent back: some clients put things into it that cannot
/// be encoded.
/// </summary>
internal sealed class MailboxLink : SendingLink
{
    private static readonly Accepted AcceptedState = new();
    private static readonly Released ReleasedState = new();
    private static readonly Modified ModifiedState = new() { DeliveryFailed = false, UndeliverableHere = false };
    private static readonly Modified DeferredState = new() { DeliveryFailed = false, UndeliverableHere = true };
    private static readonly Rejected RejectedState = new();
    private readonly LinkReceiver _receiver;
    private readonly SessionFilter? _session;
    private bool _attached;

    /// <summary>With a session filter, the attach is answered when there is a session, or none came in time.</summary>
    public MailboxLink(AmqpSession session, Attach attach, Mailbox mailbox, SessionFilter? filter)
        : base(session, attach)
    {
        Mailbox = mailbox;
        _session = filter;
        _receiver = new LinkReceiver(this, SettlesOnSend);
    }

    public Mailbox Mailbox { get; }

    private Broker Broker => Session.Connection.Context.Broker;

    protected override object? AnswerSource => _receiver.Session is { } held
        ? SessionFilter.Granted(Peer.Source, held.Id)
        : Peer.Source;

    protected override Fields? AnswerProperties => _receiver.Session is { } held
        ? SessionFilter.LockedUntil(held.LockedUntil)
        : null;

    public override void Attach()
    {
        if (_session is { } wanted)
        {
            var deadline = Broker.Time.GetUtcNow() + wanted.Patience;
            Mailbox.RequestSession(_receiver, wanted.Id, deadline.ToUnixTimeMilliseconds());
            return;
        }

        _attached = true;
        base.Attach();
        Mailbox.Attach(_receiver);
    }

    public override void OnFlow(Flow flow)
    {
        Mailbox.Owner.Touch();
        var seen = flow.HasField(5) ? flow.DeliveryCount : 0;
        Mailbox.SetCredit(_receiver, seen, flow.LinkCredit, flow.Drain);
        if (flow.Echo && !flow.Drain)
        {
            lock (Session.Connection.Gate)
            {
                Session.SendFlow(Handle, _receiver.DeliveryCount, _receiver.Credit, drain: false);
            }
        }
    }

    public override void Closed() => Mailbox.Detach(_receiver);

    public override void RoomAgain() => Mailbox.Wake?.Invoke();

    /// <summary>The peer's disposition for one delivery.</summary>
    public void OnOutcome(uint deliveryId, UnsettledDelivery delivery, DeliveryState? state, bool settledByPeer)
    {
        Mailbox.Owner.Touch();
        var (settlement, answer) = Read(state is TransactionalState { Outcome: var outcome } ? outcome : state);
        if (settlement is null)
        {
            return;
        }

        if (state is TransactionalState together)
        {
            var said = SettleTogether(delivery, settlement, together, (Outcome)answer, settledByPeer);
            Answer(deliveryId, said, settledByPeer);
            return;
        }

        Broker.Settler.Settle(
            delivery.Mailbox, delivery.LockToken, settlement,
            error => Answer(deliveryId, error?.ToRejected() ?? answer, settledByPeer));
    }

    private void Answer(uint deliveryId, DeliveryState answer, bool settledByPeer)
    {
        lock (Session.Connection.Gate)
        {
            if (!settledByPeer && !IsClosed)
            {
                Session.SettleSent(deliveryId, answer);
            }
        }
    }

    /// <summary>Answered as soon as it is part of the transaction; the discharge says what came of it.</summary>
    private DeliveryState SettleTogether(
        UnsettledDelivery delivery, Settlement settlement, TransactionalState state, Outcome answer, bool settledByPeer)
    {
        var transaction = Session.Connection.Transactions.Find(state);
        var refusal = transaction is null ? BrokerError.NoTransaction : null;
        if (transaction is not null)
        {
            Broker.Settler.Settle(
                delivery.Mailbox, delivery.LockToken, settlement, error => refusal = error, transaction);
        }

        if (refusal is not null && settledByPeer)
        {
            // Nobody will read the refusal, so the discharge must tell.
            transaction?.RollBack();
        }

        return refusal?.ToRejected() ?? (DeliveryState)new TransactionalState { TxnId = state.TxnId, Outcome = answer };
    }

    private void OnSession(BrokerError? error)
    {
        if (error is not null)
        {
            Refuse(error);
            return;
        }

        lock (Session.Connection.Gate)
        {
            if (!IsClosed)
            {
                _attached = true;
                base.Attach();
            }
        }
    }

    private void Refuse(BrokerError error)
    {
        lock (Session.Connection.Gate)
        {
            if (IsClosed)
            {
                return;
            }

            Session.Remove(this);
            Session.Refuse(Peer, error);
        }

        Closed();
    }

    private static (Settlement? Settlement, DeliveryState Answer) Read(DeliveryState? state) => state switch
    {
        Accepted => (Settlement.Complete, AcceptedState),
        Released => (Settlement.Abandon, ReleasedState),
        Modified { UndeliverableHere: true } modified => (
            Settlement.Defer with { Properties = OutcomeFields.Plain(modified.MessageAnnotations) }, DeferredState),
        Modified modified => (
            Settlement.Abandon with { Properties = OutcomeFields.Plain(modified.MessageAnnotations) }, ModifiedState),
        Rejected rejected => (OutcomeFields.DeadLetter(rejected), RejectedState),
        _ => (null, AcceptedState),
    };

    private sealed class LinkReceiver(MailboxLink link, bool receiveAndDelete) : Receiver(receiveAndDelete)
    {
        public override bool HasRoom => link.Session.Connection.HasRoom;

        public override bool TryDeliver(Delivery delivery)
        {
            var payload = MessageEncoder.Encode(
                delivery.Content!, MessageOverlay.Decode(delivery.Overlay), delivery.Facts);
            lock (link.Session.Connection.Gate)
            {
                if (link.IsClosed || link.Session.Connection.IsClosing)
                {
                    return false;
                }

                var unsettled = ReceiveAndDelete
                    ? null
                    : new UnsettledDelivery(link, delivery.Mailbox, delivery.LockToken);
                link.Session.SendDelivery(
                    link, delivery.LockToken.ToByteArray(), payload, ReceiveAndDelete, unsettled);
                link.Session.Connection.CountUnsent();
                return true;
            }
        }

        public override void Flush()
        {
            lock (link.Session.Connection.Gate)
            {
                link.Session.Connection.Flush();
            }
        }

        public override void Drained(uint deliveryCount)
        {
            lock (link.Session.Connection.Gate)
            {
                if (!link.IsClosed)
                {
                    // Clients wait for drain=true coming back; with drain=false they think the link is stuck.
                    link.Session.SendFlow(link.Handle, deliveryCount, credit: 0, drain: true);
                }
            }
        }

        public override void SessionAnswered(BrokerError? error) => link.OnSession(error);

        public override void Closed(BrokerError error)
        {
            if (link._attached)
            {
                link.Detach(error);
            }
            else
            {
                link.Refuse(error);
            }
        }
    }
}
