// A link on which the peer sends: puts transfers together and keeps its credit up.
using Amqp;
using Amqp.Framing;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>
/// Credit bounds what may be in flight: it is given back when a message is answered, so a slow disk slows the sender.
/// </summary>
internal abstract class ReceivingLink(AmqpSession session, Attach attach, long maxMessageSize)
    : AmqpLink(session, attach)
{
    private const uint MaxInFlight = 1_000;
    private List<byte[]>? _partial;
    private long _size;
    private uint _deliveryId;
    private uint _format;
    private bool _settled;
    private DeliveryState? _state;
    private uint _deliveryCount = attach.InitialDeliveryCount;
    private uint _credit;
    private uint _inFlight;

    protected static Accepted AcceptedState { get; } = new();

    protected long MaxMessageSize { get; } = maxMessageSize;

    public override void Attach()
    {
        Session.Write(new Attach
        {
            LinkName = Name,
            Handle = Handle,
            Role = true,
            SndSettleMode = Peer.SndSettleMode,
            RcvSettleMode = ReceiverSettleMode.First,
            Source = Peer.Source ?? new Source(),
            Target = Peer.Target,
            MaxMessageSize = (ulong)MaxMessageSize,
        });
        GiveCredit();
    }

    public override void OnFlow(Flow flow)
    {
        if (flow.Echo)
        {
            lock (Session.Connection.Gate)
            {
                Session.SendFlow(Handle, _deliveryCount, _credit, drain: false);
            }
        }
    }

    public void OnTransfer(Transfer transfer, byte[] payload)
    {
        if (_size == 0 && _partial is null)
        {
            _deliveryId = transfer.DeliveryId;
            _format = transfer.MessageFormat;
            _settled = transfer.Settled;
            _state = transfer.State;
        }

        _size += payload.Length;
        if (transfer.Aborted)
        {
            Reset();
            Count();
            Answered();
            return;
        }

        if (_size > MaxMessageSize)
        {
            RefuseTooLarge(transfer);
            return;
        }

        if (transfer.More)
        {
            (_partial ??= []).Add(payload);
            return;
        }

        var bytes = Whole(payload);
        var (id, settled) = (_deliveryId, _settled || transfer.Settled);
        var message = new IncomingMessage(bytes, _format, settled, _state);
        Reset();
        Count();
        OnMessage(message, state => Answer(id, settled, state));
    }

    /// <summary>
    /// A whole message; <paramref name="answer"/> is called once, with what became of it. Must not block.
    /// </summary>
    protected abstract void OnMessage(IncomingMessage message, Action<DeliveryState> answer);

    /// <summary>Put together once, at its full size: growing on the way would leave large arrays behind.</summary>
    private byte[] Whole(byte[] last)
    {
        if (_partial is null)
        {
            return last;
        }

        var whole = new byte[_size];
        var at = 0;
        foreach (var part in _partial.Append(last))
        {
            part.CopyTo(whole, at);
            at += part.Length;
        }

        return whole;
    }

    /// <summary>
    /// The link ends, as on Azure. Its message is rejected before: some clients wait for that for a minute and more.
    /// </summary>
    private void RefuseTooLarge(Transfer transfer)
    {
        var error = BrokerError.TooLarge(_size, MaxMessageSize);
        Count();
        Answer(_deliveryId, _settled || transfer.Settled, error.ToRejected());
        Detach(error);
    }

    private void Reset()
    {
        _partial = null;
        _size = 0;
    }

    private void Count()
    {
        lock (Session.Connection.Gate)
        {
            if (_credit == 0)
            {
                throw new AmqpException(new Error("amqp:link:transfer-limit-exceeded")
                {
                    Description = "A message was sent without credit.",
                });
            }

            _deliveryCount++;
            _credit--;
            _inFlight++;
        }
    }

    private void Answer(uint deliveryId, bool settled, DeliveryState state)
    {
        lock (Session.Connection.Gate)
        {
            if (!IsClosed && !settled)
            {
                Session.SettleReceived(deliveryId, state);
            }
        }

        Answered();
    }

    private void Answered()
    {
        lock (Session.Connection.Gate)
        {
            _inFlight--;
            if (!IsClosed && _credit < MaxInFlight / 2)
            {
                GiveCredit();
            }
        }
    }

    private void GiveCredit()
    {
        var room = MaxInFlight - _inFlight;
        if (room > _credit)
        {
            _credit = room;
            Session.SendFlow(Handle, _deliveryCount, _credit, drain: false);
        }
    }
}
