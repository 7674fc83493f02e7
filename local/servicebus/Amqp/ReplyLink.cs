// The link on which answers of $cbs and $management go back.
using Amqp;
using Amqp.Framing;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>Sends answers as credit allows; answers beyond a limit are dropped with the oldest first.</summary>
internal sealed class ReplyLink(AmqpSession session, Attach attach) : SendingLink(session, attach)
{
    private const int MaxWaiting = 1_000;
    private readonly Queue<ByteBuffer> _waiting = new();
    private uint _deliveryCount;
    private uint _credit;

    public override void OnFlow(Flow flow)
    {
        lock (Session.Connection.Gate)
        {
            var seen = flow.HasField(5) ? flow.DeliveryCount : 0;
            _credit = (uint)Math.Max(unchecked((int)(seen + flow.LinkCredit - _deliveryCount)), 0);
            SendWaiting();
            if (flow.Drain)
            {
                _deliveryCount += _credit;
                _credit = 0;
                Session.SendFlow(Handle, _deliveryCount, credit: 0, drain: true);
            }
        }
    }

    public void Send(Message reply)
    {
        var payload = reply.Encode();
        lock (Session.Connection.Gate)
        {
            if (IsClosed)
            {
                return;
            }

            if (_waiting.Count >= MaxWaiting)
            {
                _waiting.Dequeue();
            }

            _waiting.Enqueue(payload);
            SendWaiting();
        }
    }

    private void SendWaiting()
    {
        while (_credit > 0 && _waiting.TryDequeue(out var payload))
        {
            Session.SendDelivery(this, BitConverter.GetBytes(_deliveryCount), payload, settled: true, unsettled: null);
            _deliveryCount++;
            _credit--;
        }

        Session.Connection.Flush();
    }
}
