// Transactions on the wire: the coordinator link, and transfers and dispositions that name a transaction.
using Amqp;
using Amqp.Framing;
using Amqp.Transactions;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Tests.Management;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Amqp;

/// <summary>A whole emulator on free ports.</summary>
public sealed class TransactionTests : IAsyncLifetime
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _moment = TimeSpan.FromMilliseconds(500);
    private readonly TempFolder _folder = new();
    private ServiceBusEmulator _emulator = null!;
    private Connection _connection = null!;
    private Session _session = null!;

    public async ValueTask InitializeAsync()
    {
        _emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = _folder.Path }, CancellationToken.None);
        using var management = new ManagementClient(_emulator);
        await management.CreateQueueAsync("in");
        await management.CreateQueueAsync("out");
        await management.CreateQueueAsync("log");
        _connection = await ConnectAsync();
        _session = new Session(_connection);
        await new SenderLink(_session, "first", "in").SendAsync(new Message("work"), _patience);
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.CloseAsync();
        await _emulator.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Discharge_OverThreeQueues_DoesAllOrNothing(bool commits)
    {
        var coordinator = Coordinate(_session);
        var id = await DeclareAsync(coordinator);
        var receiver = new ReceiverLink(_session, "r", "in");
        var work = await receiver.ReceiveAsync(_patience);
        await SendAsync(new SenderLink(_session, "o", "out"), new Message("result"), State(id));
        await SendAsync(new SenderLink(_session, "l", "log"), new Message("done"), State(id));
        receiver.Complete(work, new TransactionalState { TxnId = id, Outcome = new Accepted() });
        Assert.Null(await PeekedAsync("out"));
        Assert.IsType<Accepted>(await AskAsync(coordinator, new Discharge { TxnId = id, Fail = !commits }));

        Assert.Equal(commits ? "result" : null, await PeekedAsync("out"));
        Assert.Equal(commits ? "done" : null, await PeekedAsync("log"));
        Assert.Equal(commits ? 1 : 0, _emulator.Counters.MessagesCompleted);
        Assert.Null(await PeekedAsync("in"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Transaction_WhoseConnectionOrLinkIsLost_IsRolledBack(bool connectionIsLost)
    {
        var connection = await ConnectAsync();
        var session = new Session(connection);
        var coordinator = Coordinate(session);
        var state = State(await DeclareAsync(coordinator));
        var sender = new SenderLink(session, "o", "out");
        Assert.IsType<Accepted>(await SendAsync(sender, new Message("result"), state));
        await (connectionIsLost ? connection.CloseAsync() : coordinator.CloseAsync());

        Assert.Null(await PeekedAsync("out"));
        if (!connectionIsLost)
        {
            var refused = Assert.IsType<Rejected>(await SendAsync(sender, new Message("late"), state));
            Assert.Equal("amqp:transaction:unknown-id", (string)refused.Error.Condition);
            await connection.CloseAsync();
        }
    }

    [Fact]
    public async Task Transaction_UnknownOrTooLarge_IsRefused()
    {
        var sender = new SenderLink(_session, "o", "out");
        var stranger = State(new byte[16]);
        var refused = Assert.IsType<Rejected>(await SendAsync(sender, new Message("m"), stranger));
        Assert.Equal("amqp:transaction:unknown-id", (string)refused.Error.Condition);

        var coordinator = Coordinate(_session);
        var state = State(await DeclareAsync(coordinator));
        for (var sent = 0; sent < 100; sent++)
        {
            Assert.IsType<Accepted>(await SendAsync(sender, new Message("m"), state));
        }

        refused = Assert.IsType<Rejected>(await SendAsync(sender, new Message("one too many"), state));
        Assert.Equal("amqp:not-allowed", (string)refused.Error.Condition);
        Assert.IsType<Accepted>(await DischargeAsync(coordinator, state.TxnId));
        Assert.Equal("m", await PeekedAsync("out"));
        refused = Assert.IsType<Rejected>(await DischargeAsync(coordinator, state.TxnId));
        Assert.Equal("amqp:transaction:unknown-id", (string)refused.Error.Condition);
    }

    [Fact]
    public async Task Declare_OfTooMany_IsRefused()
    {
        var coordinator = Coordinate(_session);
        for (var declared = 0; declared < 50; declared++)
        {
            await DeclareAsync(coordinator);
        }

        var refused = Assert.IsType<Rejected>(await AskAsync(coordinator, new Declare()));
        Assert.Equal("amqp:resource-limit-exceeded", (string)refused.Error.Condition);
    }

    private Task<Connection> ConnectAsync() => new ConnectionFactory().CreateAsync(
        new Address($"amqp://RootManageSharedAccessKey:SAS_KEY_VALUE@localhost:{_emulator.AmqpPort}"));

    private static TransactionalState State(byte[] id) => new() { TxnId = id };

    private static SenderLink Coordinate(Session session) => new(
        session, "coordinator", new Attach { Source = new Source(), Target = new Coordinator() }, null);

    private static async Task<byte[]> DeclareAsync(SenderLink coordinator) =>
        Assert.IsType<Declared>(await AskAsync(coordinator, new Declare())).TxnId;

    private static Task<Outcome> DischargeAsync(SenderLink coordinator, byte[] id) =>
        AskAsync(coordinator, new Discharge { TxnId = id });

    private static Task<Outcome> AskAsync(SenderLink coordinator, object request) =>
        SendAsync(coordinator, new Message { BodySection = new AmqpValue { Value = request } }, null);

    private static Task<Outcome> SendAsync(SenderLink sender, Message message, DeliveryState? state)
    {
        var answered = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        sender.Send(message, state, (_, _, outcome, _) => answered.TrySetResult(outcome), null);
        return answered.Task.WaitAsync(_patience);
    }

    // Received and given back; null when there is nothing.
    private async Task<object?> PeekedAsync(string queue)
    {
        var receiver = new ReceiverLink(_session, "peek-" + Guid.NewGuid().ToString("N"), queue);
        Message? message = await receiver.ReceiveAsync(_moment);
        if (message is not null)
        {
            receiver.Release(message);
        }

        await receiver.CloseAsync();
        return message?.Body;
    }
}
