// A queue in memory with peek-lock.
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using ServerlessEventing.ServiceBus.Wire;

namespace ServerlessEventing.ServiceBus.Tests.Broker;

/// <summary>Messages ready, messages locked, and the consumers that want them.</summary>
internal sealed class TestQueue
{
    private readonly LinkedList<Entry> ready = new();
    private readonly Dictionary<Message, Entry> sent = [];
    private readonly Dictionary<Guid, Entry> locked = [];
    private readonly List<TestConsumer> consumers = [];
    private long lastSequenceNumber;
    private int next;

    public object Gate { get; } = new();

    public TimeSpan LockDuration { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The outcomes received, in order.</summary>
    public List<DeliveryState> Outcomes { get; } = [];

    public int Renewals { get; private set; }

    public int Count
    {
        get
        {
            lock (Gate)
            {
                return ready.Count + locked.Count;
            }
        }
    }

    public int LockedCount
    {
        get
        {
            lock (Gate)
            {
                return locked.Count;
            }
        }
    }

    public IReadOnlyList<Message> Ready
    {
        get
        {
            lock (Gate)
            {
                return [.. ready.Select(entry => entry.Message)];
            }
        }
    }

    public void Enqueue(Message message)
    {
        lock (Gate)
        {
            foreach (var one in Unpack(message))
            {
                ready.AddLast(new Entry(++lastSequenceNumber, one));
            }
        }

        Pump();
    }

    public void Add(TestConsumer consumer)
    {
        if (!consumer.IsGone && !consumers.Contains(consumer))
        {
            consumers.Add(consumer);
        }
    }

    public void Remove(TestConsumer consumer) => consumers.Remove(consumer);

    public void Pump()
    {
        lock (Gate)
        {
            while (ready.First is { Value: var entry } && consumers.Count > 0)
            {
                entry.LockToken = Guid.NewGuid();
                entry.LockedUntil = TimeProvider.System.GetUtcNow() + LockDuration;
                var message = entry.ToDelivery();
                if (!TrySend(message, entry.LockToken))
                {
                    return;
                }

                ready.RemoveFirst();
                locked[entry.LockToken] = entry;
                sent[message] = entry;
            }
        }
    }

    public bool Settle(Message message, DeliveryState? state)
    {
        lock (Gate)
        {
            return sent.Remove(message, out var entry) && Settle(entry.LockToken, state);
        }
    }

    /// <summary>The broker stops: its consumers are gone, and their locks.</summary>
    public void Disconnect()
    {
        lock (Gate)
        {
            consumers.ForEach(consumer => consumer.IsGone = true);
            consumers.Clear();
        }

        LoseLocks();
    }

    /// <summary>All locks run out at once.</summary>
    public void LoseLocks()
    {
        lock (Gate)
        {
            foreach (var entry in locked.Values.OrderByDescending(entry => entry.SequenceNumber))
            {
                entry.DeliveryCount++;
                ready.AddFirst(entry);
            }

            locked.Clear();
        }
    }

    public Message Manage(Message request)
    {
        var body = (Map)request.Body;
        var token = body["lock-tokens"] is Guid[] tokens ? tokens[0] : Guid.Empty;
        lock (Gate)
        {
            if (!locked.TryGetValue(token, out var entry))
            {
                return Answer(410, new(), new Symbol(AmqpErrors.LockLost));
            }

            switch (request.ApplicationProperties["operation"])
            {
                case "com.microsoft:renew-lock":
                    Renewals++;
                    entry.LockedUntil = TimeProvider.System.GetUtcNow() + LockDuration;
                    return Answer(200, new() { ["expirations"] = new[] { entry.LockedUntil.UtcDateTime } });
                case "com.microsoft:update-disposition":
                    Settle(token, new Accepted());
                    return Answer(200, new());
                default:
                    return Answer(501, new());
            }
        }
    }

    private static Message Answer(int status, Map body, Symbol? condition = null)
    {
        var answer = new Message(body) { ApplicationProperties = new() { ["statusCode"] = status } };
        if (condition is not null)
        {
            answer.ApplicationProperties["errorCondition"] = condition;
        }

        return answer;
    }

    private static IEnumerable<Message> Unpack(Message message)
    {
        if (message.Format != MessageConverter.BatchFormat)
        {
            return [message];
        }

        var sections = message.BodySection is DataList list
            ? Enumerable.Range(0, list.Count).Select(i => list[i].Binary)
            : [((Data)message.BodySection).Binary];
        return sections.Select(bytes => Message.Decode(new ByteBuffer(bytes, 0, bytes.Length, bytes.Length)));
    }

    // Consumers take turns, so that one with much credit does not starve the other.
    private bool TrySend(Message message, Guid lockToken)
    {
        for (var i = 0; i < consumers.Count; i++)
        {
            if (consumers[next++ % consumers.Count].TrySend(message, lockToken))
            {
                return true;
            }
        }

        return false;
    }

    private bool Settle(Guid lockToken, DeliveryState? state)
    {
        if (!locked.Remove(lockToken, out var entry) || entry.LockedUntil < TimeProvider.System.GetUtcNow())
        {
            return false;
        }

        Outcomes.Add(state!);
        if (state is Modified or Released)
        {
            entry.DeliveryCount++;
            ready.AddFirst(entry);
            Pump();
        }

        return true;
    }

    private sealed record Entry(long SequenceNumber, Message Message)
    {
        public uint DeliveryCount { get; set; }

        public Guid LockToken { get; set; }

        public DateTimeOffset LockedUntil { get; set; }

        public Message ToDelivery()
        {
            var annotations = new MessageAnnotations
            {
                [new Symbol("x-opt-sequence-number")] = SequenceNumber,
                [new Symbol("x-opt-locked-until")] = LockedUntil.UtcDateTime,
                [new Symbol("x-opt-enqueued-time")] = TimeProvider.System.GetUtcNow().UtcDateTime,
            };
            foreach (var (name, value) in Message.MessageAnnotations?.Map ?? [])
            {
                annotations[name] = value;
            }

            return new()
            {
                Header = new() { DeliveryCount = DeliveryCount },
                MessageAnnotations = annotations,
                Properties = Message.Properties,
                ApplicationProperties = Message.ApplicationProperties,
                BodySection = Message.BodySection,
            };
        }
    }
}
