// Moves messages from one mailbox to its receivers, off everybody else's thread.
using ServerlessEventing.Local.ServiceBus.Store;
using ServerlessEventing.Local.ServiceBus.Wire;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>
/// At most one run at a time for a mailbox, so a receiver sees messages in order. A wake-up during a run makes one
/// more.
/// </summary>
internal sealed class DeliveryPump : IThreadPoolWorkItem
{
    private const int GroupSize = 64;
    private const int Idle = 0;
    private const int Running = 1;
    private const int RunAgain = 2;
    private readonly Mailbox _mailbox;
    private readonly BodyReader _bodies;
    private readonly TimeProvider _time;
    private readonly BrokerCounters _counters;
    private readonly Parking _parking;
    private readonly Action<Mailbox, MessageEntry> _expire;
    private readonly Action<Delivery, Action<bool>> _remove;
    private readonly List<(Receiver Receiver, Delivery Delivery)> _group = [];
    private readonly List<MessageEntry> _expired = [];
    private int _state;

    public DeliveryPump(
        Mailbox mailbox,
        BodyReader bodies,
        TimeProvider time,
        BrokerCounters counters,
        Parking parking,
        Action<Mailbox, MessageEntry> expire,
        Action<Delivery, Action<bool>> remove)
    {
        _mailbox = mailbox;
        _bodies = bodies;
        _time = time;
        _counters = counters;
        _parking = parking;
        _expire = expire;
        _remove = remove;
        mailbox.Wake = Wake;
    }

    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, RunAgain) == Idle)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    public void Execute()
    {
        Volatile.Write(ref _state, Running);
        try
        {
            TellOfSessions();
            while (RunGroup())
            {
            }

            foreach (var (receiver, deliveryCount) in _mailbox.TakeDrained())
            {
                receiver.Drained(deliveryCount);
            }
        }
        catch (Exception problem)
        {
            // A thread of the pool: whatever escapes here ends the process. What was taken comes back with its locks.
            _parking.PumpFailed(_mailbox, problem);
        }

        if (Interlocked.CompareExchange(ref _state, Idle, Running) != Running)
        {
            // Woken meanwhile: yield to other mailboxes before going on.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void TellOfSessions()
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var receiver in _mailbox.TakeLostSessions(now))
        {
            receiver.Closed(BrokerError.SessionLockLost);
        }

        foreach (var (receiver, error) in _mailbox.TakeSessionAnswers(now))
        {
            receiver.SessionAnswered(error);
        }
    }

    private bool RunGroup()
    {
        _group.Clear();
        _expired.Clear();
        _mailbox.Take(GroupSize, _time.GetUtcNow().ToUnixTimeMilliseconds(), _group, _expired);
        foreach (var entry in _expired)
        {
            _expire(_mailbox, entry);
        }

        foreach (var (receiver, delivery) in _group)
        {
            HandOver(receiver, delivery);
        }

        foreach (var receiver in _group.Select(item => item.Receiver).Distinct())
        {
            receiver.Flush();
        }

        return _group.Count > 0;
    }

    private void HandOver(Receiver receiver, Delivery delivery)
    {
        try
        {
            HandOverReadable(receiver, delivery);
        }
        catch (Exception problem)
        {
            // One message that cannot be read or encoded must not keep the others.
            _parking.Park(_mailbox, delivery.Entry, problem, delivery.LockToken);
            _mailbox.NotHandedOver(receiver);
        }
    }

    private void HandOverReadable(Receiver receiver, Delivery delivery)
    {
        if (_bodies.Read(delivery.Entry.Body) is not { } content)
        {
            // Deleted with its entity a moment ago.
            _mailbox.NotHandedOver(receiver);
            return;
        }

        delivery.Content = WireMessage.Parse(content);
        if (receiver.ReceiveAndDelete)
        {
            _remove(delivery, removed => AfterRemoval(receiver, delivery, removed));
            return;
        }

        Deliver(receiver, delivery);
    }

    private void AfterRemoval(Receiver receiver, Delivery delivery, bool removed)
    {
        if (removed)
        {
            _counters.Completed();
            Deliver(receiver, delivery);
            receiver.Flush();
        }
        else
        {
            _mailbox.NotHandedOver(receiver);
        }

        Wake();
    }

    private void Deliver(Receiver receiver, Delivery delivery)
    {
        var delivered = receiver.TryDeliver(delivery);
        _mailbox.HandedOver(receiver);
        if (delivered)
        {
            _counters.Delivered();
        }
        else if (!receiver.ReceiveAndDelete
            && _mailbox.TakeLocked(delivery.LockToken, _time.GetUtcNow().ToUnixTimeMilliseconds()) is { } entry)
        {
            // It never left: not a delivery.
            _mailbox.Return(entry);
        }
    }
}
