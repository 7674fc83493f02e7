// One AMQP session: windows, transfers both ways, dispositions gathered into ranges.
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Everything here is guarded by the connection's gate, which each entry point takes.</summary>
internal sealed class AmqpSession
{
    public const uint MaxHandles = 256;
    private const uint Window = 5_000;
    private readonly AmqpConnection _connection;
    private readonly ushort _channel;
    private readonly ushort _peerChannel;
    private readonly Dictionary<uint, AmqpLink> _links = [];
    private readonly Dictionary<uint, UnsettledDelivery> _unsettled = [];
    private readonly Queue<PendingTransfer> _waiting = new();
    private readonly DispositionRange _received;
    private readonly DispositionRange _sent;
    private uint _nextIncomingId;
    private uint _incomingWindow = Window;
    private uint _nextOutgoingId = 1;
    private uint _peerWindow;
    private uint _nextDeliveryId;

    public AmqpSession(AmqpConnection connection, ushort channel, Begin begin)
    {
        _connection = connection;
        _channel = channel;
        _peerChannel = channel;
        _nextIncomingId = begin.NextOutgoingId;
        _peerWindow = begin.IncomingWindow;
        _received = new DispositionRange(role: true);
        _sent = new DispositionRange(role: false);
    }

    public AmqpConnection Connection => _connection;

    public IEnumerable<AmqpLink> Links => _links.Values;

    public void Begin() => _connection.Write(_channel, new Begin
    {
        RemoteChannel = _peerChannel,
        NextOutgoingId = _nextOutgoingId,
        IncomingWindow = Window,
        OutgoingWindow = Window,
        HandleMax = MaxHandles - 1,
    });

    public void Handle(object performative, byte[] payload)
    {
        switch (performative)
        {
            case Transfer transfer:
                OnTransfer(transfer, payload);
                break;
            case Dispose dispose:
                OnDispose(dispose);
                break;
            case Flow flow:
                OnFlow(flow);
                break;
            case Attach attach:
                OnAttach(attach);
                break;
            case Detach detach:
                OnDetach(detach);
                break;
            default:
                throw new AmqpException(new Error("amqp:not-implemented")
                {
                    Description = $"{performative.GetType().Name} is not understood here.",
                });
        }
    }

    /// <summary>
    /// Nothing more is sent here; call with the gate held. The links it had are then to be told, without the gate: they
    /// let go of their entities, locks stay until they expire.
    /// </summary>
    public AmqpLink[] End()
    {
        AmqpLink[] links = [.. _links.Values];
        Array.ForEach(links, link => link.End());
        _links.Clear();
        _unsettled.Clear();
        _waiting.Clear();
        return links;
    }

    /// <summary>Sends one message to the peer; call with the gate held.</summary>
    public void SendDelivery(
        SendingLink link, byte[] tag, ByteBuffer payload, bool settled, UnsettledDelivery? unsettled)
    {
        var pending = new PendingTransfer(link, tag, payload, settled, unsettled);
        if (_waiting.Count > 0 || !TryWrite(pending))
        {
            _waiting.Enqueue(pending);
        }
    }

    /// <summary>Answers an incoming delivery; call with the gate held. Ranges go out with the next flush.</summary>
    public void SettleReceived(uint deliveryId, DeliveryState state)
    {
        _received.Add(deliveryId, state, dispose => _connection.Write(_channel, dispose));
        _connection.Flush();
    }

    /// <summary>Answers the peer's unsettled outcome of one of our deliveries; call with the gate held.</summary>
    public void SettleSent(uint deliveryId, DeliveryState state)
    {
        _unsettled.Remove(deliveryId);
        _sent.Add(deliveryId, state, dispose => _connection.Write(_channel, dispose));
        _connection.Flush();
    }

    /// <summary>Call with the gate held.</summary>
    public void FlushDispositions()
    {
        _received.Flush(dispose => _connection.Write(_channel, dispose));
        _sent.Flush(dispose => _connection.Write(_channel, dispose));
    }

    /// <summary>Writes a flow for a link; call with the gate held.</summary>
    public void SendFlow(uint handle, uint deliveryCount, uint credit, bool drain)
    {
        var flow = SessionFlow();
        flow.Handle = handle;
        flow.DeliveryCount = deliveryCount;
        flow.LinkCredit = credit;
        flow.Drain = drain;
        flow.Available = 0;
        _connection.Write(_channel, flow);
        _connection.Flush();
    }

    /// <summary>Writes a link's own performative; call with the gate held.</summary>
    public void Write(Described performative)
    {
        _connection.Write(_channel, performative);
        _connection.Flush();
    }

    /// <summary>
    /// Forgets a link, what it has not settled and what has not been sent yet; call with the gate held.
    /// </summary>
    public void Remove(AmqpLink link)
    {
        link.End();
        _links.Remove(link.Handle);
        for (var count = _waiting.Count; count > 0; count--)
        {
            var pending = _waiting.Dequeue();
            if (pending.Link != link)
            {
                _waiting.Enqueue(pending);
            }
        }

        foreach (var (id, delivery) in _unsettled)
        {
            if (delivery.Link == link)
            {
                _unsettled.Remove(id);
            }
        }
    }

    private void OnAttach(Attach attach)
    {
        lock (_connection.Gate)
        {
            if (attach.Handle >= MaxHandles || _links.ContainsKey(attach.Handle))
            {
                throw new AmqpException(new Error("amqp:session:handle-in-use")
                {
                    Description = $"Handle {attach.Handle} is in use or beyond the {MaxHandles} allowed.",
                });
            }

            var (link, error) = LinkFactory.Create(this, attach);
            if (link is null)
            {
                Refuse(attach, error!);
                return;
            }

            _links[attach.Handle] = link;
            link.Attach();
        }
    }

    /// <summary>An attach without terminus, then the reason: what AMQP asks for and clients understand.</summary>
    public void Refuse(Attach attach, BrokerError error)
    {
        Write(new Attach
        {
            LinkName = attach.LinkName,
            Handle = attach.Handle,
            Role = !attach.Role,
            Source = null,
            Target = null,
            InitialDeliveryCount = 0,
        });
        Write(new Detach { Handle = attach.Handle, Closed = true, Error = error.ToAmqp() });
    }

    private void OnDetach(Detach detach)
    {
        AmqpLink? link;
        lock (_connection.Gate)
        {
            if (!_links.TryGetValue(detach.Handle, out link))
            {
                // Answers a detach of ours.
                return;
            }

            Remove(link);
            FlushDispositions();
            Write(new Detach { Handle = detach.Handle, Closed = detach.Closed });
        }

        link.Closed();
    }

    private void OnTransfer(Transfer transfer, byte[] payload)
    {
        lock (_connection.Gate)
        {
            if (_incomingWindow == 0)
            {
                throw new AmqpException(new Error("amqp:session:window-violation")
                {
                    Description = "The window is used up.",
                });
            }

            _nextIncomingId++;
            if (--_incomingWindow < Window / 2)
            {
                _incomingWindow = Window;
                Write(SessionFlow());
            }
        }

        if (Find(transfer.Handle) is ReceivingLink link)
        {
            link.OnTransfer(transfer, payload);
        }
    }

    private void OnDispose(Dispose dispose)
    {
        if (!dispose.Role)
        {
            // The sender settles what it sent: we answered already.
            return;
        }

        var last = dispose.HasField(2) ? dispose.Last : dispose.First;
        List<(uint Id, UnsettledDelivery Delivery)> found = [];
        lock (_connection.Gate)
        {
            var span = unchecked(last - dispose.First);
            if (span > (uint)_unsettled.Count)
            {
                found.AddRange(_unsettled
                    .Where(pair => unchecked(pair.Key - dispose.First) <= span)
                    .Select(pair => (pair.Key, pair.Value)));
            }
            else
            {
                for (var offset = 0u; offset <= span; offset++)
                {
                    var id = unchecked(dispose.First + offset);
                    if (_unsettled.TryGetValue(id, out var delivery))
                    {
                        found.Add((id, delivery));
                    }
                }
            }

            if (dispose.Settled)
            {
                found.ForEach(item => _unsettled.Remove(item.Id));
            }
        }

        foreach (var (id, delivery) in found)
        {
            delivery.Link.OnOutcome(id, delivery, dispose.State, dispose.Settled);
        }
    }

    private void OnFlow(Flow flow)
    {
        AmqpLink? link = null;
        lock (_connection.Gate)
        {
            var seen = flow.HasField(0) ? flow.NextIncomingId : 1;
            _peerWindow = unchecked(seen + flow.IncomingWindow - _nextOutgoingId);
            if ((int)_peerWindow < 0)
            {
                _peerWindow = 0;
            }

            WriteWaiting();
            if (flow.HasHandle)
            {
                _links.TryGetValue(flow.Handle, out link);
            }
            else if (flow.Echo)
            {
                Write(SessionFlow());
            }
        }

        link?.OnFlow(flow);
    }

    private void WriteWaiting()
    {
        while (_waiting.TryPeek(out var pending) && TryWrite(pending))
        {
            _waiting.Dequeue();
        }

        _connection.CountUnsent();
        _connection.Flush();
    }

    /// <summary>Writes as many frames as the peer's window allows; true when the delivery is out whole.</summary>
    private bool TryWrite(PendingTransfer pending)
    {
        var room = _connection.PeerMaxFrameSize - OutgoingFrames.TransferOverhead;
        while (_peerWindow > 0)
        {
            var left = pending.Payload.Length - pending.Written;
            var count = Math.Min(left, room);
            var more = count < left;
            if (pending.Written == 0)
            {
                Number(pending);
            }

            _connection.Write(
                _channel, pending.Frame(more), pending.Payload.Buffer, pending.Payload.Offset + pending.Written, count);
            pending.Written += count;
            _peerWindow--;
            _nextOutgoingId++;
            if (!more)
            {
                return true;
            }
        }

        return false;
    }

    // Only now: the numbers of a session's deliveries have no gaps.
    private void Number(PendingTransfer pending)
    {
        pending.Id = _nextDeliveryId++;
        if (pending.Unsettled is { } unsettled)
        {
            _unsettled[pending.Id] = unsettled;
        }
    }

    private AmqpLink? Find(uint handle)
    {
        lock (_connection.Gate)
        {
            return _links.GetValueOrDefault(handle);
        }
    }

    private Flow SessionFlow() => new()
    {
        NextIncomingId = _nextIncomingId,
        IncomingWindow = _incomingWindow,
        NextOutgoingId = _nextOutgoingId,
        OutgoingWindow = Window,
    };

    private sealed class PendingTransfer(
        SendingLink link, byte[] tag, ByteBuffer payload, bool settled, UnsettledDelivery? unsettled)
    {
        public SendingLink Link => link;

        public UnsettledDelivery? Unsettled => unsettled;

        public uint Id { get; set; }

        public ByteBuffer Payload { get; } = payload;

        public int Written { get; set; }

        public Transfer Frame(bool more)
        {
            var transfer = new Transfer { Handle = link.Handle, More = more };
            if (Written == 0)
            {
                transfer.DeliveryId = Id;
                transfer.DeliveryTag = tag;
                transfer.MessageFormat = 0;
                transfer.Settled = settled;
            }

            return transfer;
        }
    }
}
