// A broker in a folder of its own with a clock that the test moves; can be closed and opened again.
using Amqp;
using Amqp.Framing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Local.ServiceBus.Wire;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Messaging;

/// <summary>The engine without AMQP and HTTP.</summary>
internal sealed class TestBroker : IDisposable
{
    private readonly TempFolder _folder = new();

    private readonly AzureQuirks? _quirks;

    public TestBroker(AzureQuirks? quirks = null)
    {
        _quirks = quirks;
        Broker = Open();
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public Broker Broker { get; private set; }

    public void Restart()
    {
        Broker.Dispose();
        Broker = Open();
    }

    /// <summary>Moves the clock in steps, as time passes: timers see each.</summary>
    public void Pass(TimeSpan time)
    {
        Time.Advance(time);
        Time.Advance(TimeSpan.FromMilliseconds(100));
    }

    public async Task QueueAsync(QueueDescription queue) =>
        Assert.Null(await Broker.Administration.CreateAsync(queue, CancellationToken.None));

    public async Task TopicAsync(string name, bool duplicates = false) => Assert.Null(
        await Broker.Administration.CreateAsync(
            new TopicDescription { Name = name, RequiresDuplicateDetection = duplicates }, CancellationToken.None));

    public async Task SubscriptionAsync(SubscriptionDescription subscription, params RuleDescription[] rules)
    {
        Assert.Null(await Broker.Administration.CreateAsync(subscription, rules[0], CancellationToken.None));
        foreach (var rule in rules.Skip(1))
        {
            Assert.Null(await Broker.Administration.CreateRuleAsync(
                subscription.Topic, subscription.Name, rule, CancellationToken.None));
        }
    }

    public static RuleDescription All(string? action = null) => Sql("$Default", "1=1", action);

    public static RuleDescription Sql(string name, string filter, string? action = null) => new()
    {
        Name = name,
        Filter = FilterKind.Sql,
        SqlExpression = filter,
        ActionExpression = action,
    };

    public static Message Text(string body, string? id = null) => new()
    {
        BodySection = new Data { Binary = System.Text.Encoding.UTF8.GetBytes(body) },
        Properties = new Properties { MessageId = id ?? body },
        ApplicationProperties = new ApplicationProperties(),
    };

    public async Task<IReadOnlyList<long>> SendAsync(string entity, Message message)
    {
        var result = await PublishAsync(entity, message);
        Assert.True(result.Error is null, result.Error?.Description);
        return result.Sequences;
    }

    /// <summary>In a transaction, the answer comes with its end.</summary>
    public async Task<BrokerError?> TrySendAsync(string entity, Message message, Transaction? transaction = null) =>
        (await PublishAsync(entity, message, transaction)).Error;

    private async Task<PublishResult> PublishAsync(string entity, Message message, Transaction? transaction = null)
    {
        var done = new TaskCompletionSource<PublishResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var encoded = message.Encode();
        var bytes = encoded.Buffer.AsSpan(encoded.Offset, encoded.Length).ToArray();
        Broker.Publisher.Publish(
            Broker.Topology.Find(entity)!, [bytes], wantSequences: true, done.SetResult, transaction);
        return await done.Task;
    }

    /// <summary>In a transaction, the answer comes with its end.</summary>
    public Task<BrokerError?> SettleAsync(
        Delivery delivery, Settlement settlement, Transaction? transaction = null)
    {
        var done = new TaskCompletionSource<BrokerError?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Broker.Settler.Settle(delivery.Mailbox, delivery.LockToken, settlement, done.SetResult, transaction);
        return done.Task;
    }

    /// <summary>Messages in the store, of whichever entity.</summary>
    public long CountStored()
    {
        using var store = new SqliteConnection(
            $"Data Source={Path.Combine(_folder.Path, "servicebus.db")};Pooling=False");
        store.Open();
        using var command = store.CreateCommand();
        command.CommandText = "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM bodies)";
        return (long)command.ExecuteScalar()!;
    }

    public CollectingReceiver Receive(string address, uint credit = 100, bool delete = false)
    {
        var mailbox = Broker.Topology.FindMailbox(EntityPath.Parse(address))
            ?? throw new InvalidOperationException($"No mailbox at {address}.");
        var receiver = new CollectingReceiver(delete);
        mailbox.Attach(receiver);
        mailbox.SetCredit(receiver, 0, credit, drain: false);
        return receiver;
    }

    public int Count(string address) =>
        Broker.Topology.FindMailbox(EntityPath.Parse(address))!.Counts().Active;

    public void Dispose()
    {
        Broker.Dispose();
        _folder.Dispose();
    }

    /// <summary>Changes the store as a bad disk would; the broker is stopped meanwhile.</summary>
    public void Spoil(string sql)
    {
        Broker.Dispose();
        var file = Path.Combine(_folder.Path, "servicebus.db");
        using (var store = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            store.Open();
            using var command = store.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        Broker = Open();
    }

    private Broker Open() => Broker.Open(
        _folder.Path, new BrokerOptions(NullLoggerFactory.Instance, Time) { Quirks = _quirks });
}

/// <summary>A receiver that keeps what it gets.</summary>
internal sealed class CollectingReceiver(bool delete) : Receiver(delete)
{
    private readonly List<Delivery> _got = [];

    private volatile bool _granted;

    public bool WasDrained { get; private set; }

    public BrokerError? Error { get; private set; }

    public override bool HasRoom => true;

    public Delivery[] Got
    {
        get
        {
            lock (_got)
            {
                return [.. _got];
            }
        }
    }

    public string[] Bodies => Array.ConvertAll(Got, BodyOf);

    public async Task<Delivery[]> ExpectAsync(int count)
    {
        await Eventually.True(() => Got.Length >= count, $"{count} deliveries");
        var got = Got;
        Assert.Equal(count, got.Length);
        return got;
    }

    public override bool TryDeliver(Delivery delivery)
    {
        lock (_got)
        {
            _got.Add(delivery);
        }

        return true;
    }

    public override void Flush()
    {
    }

    public override void Drained(uint deliveryCount) => WasDrained = true;

    public override void SessionAnswered(BrokerError? error)
    {
        Error = error;
        _granted |= error is null;
    }

    public override void Closed(BrokerError error) => Error = error;

    public Task GrantedAsync() => Eventually.True(() => _granted, "a session is granted");

    public static Message Decode(Delivery delivery) => Message.Decode(MessageEncoder.Encode(
        delivery.Content!, MessageOverlay.Decode(delivery.Overlay), delivery.Facts));

    public static string BodyOf(Delivery delivery) =>
        System.Text.Encoding.UTF8.GetString(((Data)Decode(delivery).BodySection).Binary);

    public static object? Property(Delivery delivery, string name) =>
        Decode(delivery).ApplicationProperties?.Map.TryGetValue(name, out var value) == true ? value : null;
}
