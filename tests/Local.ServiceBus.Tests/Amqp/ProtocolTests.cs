// The AMQP port with AMQPNetLite as the client.
using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Tests.Management;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Amqp;

/// <summary>A whole emulator on free ports.</summary>
public sealed class ProtocolTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private ServiceBusEmulator _emulator = null!;
    private ManagementClient _management = null!;
    private Connection _connection = null!;
    private Session _session = null!;

    public async ValueTask InitializeAsync()
    {
        _emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = _folder.Path }, CancellationToken.None);
        _management = new ManagementClient(_emulator);
        await _management.CreateQueueAsync("q");
        _connection = await new ConnectionFactory().CreateAsync(
            new Address($"amqp://RootManageSharedAccessKey:SAS_KEY_VALUE@localhost:{_emulator.AmqpPort}"));
        _session = new Session(_connection);
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.CloseAsync();
        _management.Dispose();
        await _emulator.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Send_ThenReceive_CarriesAnnotationsAndAGuidForATag()
    {
        var sender = new SenderLink(_session, "s", "q");
        await sender.SendAsync(Data("hello", new Properties { MessageId = "1", ContentType = "text/plain" }));
        var receiver = new ReceiverLink(_session, "r", "/q");
        var message = await receiver.ReceiveAsync(TimeSpan.FromSeconds(20));

        Assert.Equal("hello", System.Text.Encoding.UTF8.GetString(message.GetBody<byte[]>()));
        Assert.Equal("text/plain", (string)message.Properties.ContentType);
        Assert.Equal(16, message.DeliveryTag.Length);
        Assert.Equal(1L, message.MessageAnnotations[new Symbol("x-opt-sequence-number")]);
        Assert.IsType<DateTime>(message.MessageAnnotations[new Symbol("x-opt-locked-until")]);
        receiver.Accept(message);
        await Eventually.True(() => _emulator.Counters.MessagesCompleted == 1, "completed");
    }

    [Fact]
    public async Task Send_WithoutMessageId_GetsOne()
    {
        await new SenderLink(_session, "s", "q").SendAsync(Data("hello", null));
        var message = await new ReceiverLink(_session, "r", "q").ReceiveAsync(TimeSpan.FromSeconds(20));

        Assert.NotEmpty(message.Properties.MessageId);
    }

    [Fact]
    public async Task Send_LargerThanTheLimit_IsRefusedAndEndsTheLink()
    {
        var sender = new SenderLink(_session, "s", "q");
        var refusal = await Assert.ThrowsAsync<AmqpException>(() =>
            sender.SendAsync(Data(new string('x', 300_000), null), TimeSpan.FromSeconds(20)));

        Assert.Equal("amqp:link:message-size-exceeded", (string)refusal.Error.Condition);
        await Eventually.True(() => sender.IsClosed, "the link is detached");
        Assert.Equal("amqp:link:message-size-exceeded", (string)sender.Error.Condition);
        await new SenderLink(_session, "next", "q").SendAsync(
            Data(new string('x', 200_000), null), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Send_Batch_BecomesSingleMessages()
    {
        var batch = new Message
        {
            Format = 0x80013700,
            BodySection = Parts("a", "b", "c"),
        };
        await new SenderLink(_session, "s", "q").SendAsync(batch);
        var receiver = new ReceiverLink(_session, "r", "q");
        receiver.SetCredit(10);
        foreach (var expected in (string[])["a", "b", "c"])
        {
            var message = await receiver.ReceiveAsync(TimeSpan.FromSeconds(20));
            Assert.Equal(expected, System.Text.Encoding.UTF8.GetString(message.GetBody<byte[]>()));
            receiver.Accept(message);
        }
    }

    [Fact]
    public async Task Attach_UnknownEntity_IsRefusedByName()
    {
        var error = await RefusalAsync(new SenderLink(_session, "s", "nowhere"));

        Assert.Equal("amqp:not-found", (string)error.Condition);
        Assert.Contains("'nowhere' could not be found", error.Description);
    }

    [Fact]
    public async Task Attach_AnonymousWithoutToken_IsUnauthorized()
    {
        var factory = new ConnectionFactory();
        factory.SASL.Profile = SaslProfile.Anonymous;
        var connection = await factory.CreateAsync(new Address($"amqp://localhost:{_emulator.AmqpPort}"));
        var error = await RefusalAsync(new ReceiverLink(new Session(connection), "r", "q"));

        Assert.Equal("amqp:unauthorized-access", (string)error.Condition);
        await connection.CloseAsync();
    }

    [Fact]
    public async Task Connect_WrongKey_IsRefused()
    {
        await Assert.ThrowsAsync<AmqpException>(() => new ConnectionFactory().CreateAsync(
            new Address($"amqp://RootManageSharedAccessKey:wrong@localhost:{_emulator.AmqpPort}")));
    }

    [Fact]
    public async Task Send_ToADeadLetterQueue_IsNotAllowed()
    {
        var error = await RefusalAsync(new SenderLink(_session, "s", "q/$DeadLetterQueue"));

        Assert.Equal("amqp:not-allowed", (string)error.Condition);
    }

    [Fact]
    public async Task Receivers_TwoOnOneQueue_ShareTheMessages()
    {
        var sender = new SenderLink(_session, "s", "q");
        var got = new int[2];
        for (var index = 0; index < 2; index++)
        {
            var mine = index;
            new ReceiverLink(_session, "r" + index, "q").Start(10, (link, message) =>
            {
                Interlocked.Increment(ref got[mine]);
                link.Accept(message);
            });
        }

        for (var index = 0; index < 100; index++)
        {
            await sender.SendAsync(Data("m", null));
        }

        await Eventually.True(() => got.Sum() == 100, "all received");
        Assert.All(got, count => Assert.True(count > 20, $"{got[0]} and {got[1]}"));
    }

    [Fact]
    public async Task Receiver_ClosedWhileMessagesAreOnTheWay_LeavesTheConnectionWhole()
    {
        var sender = new SenderLink(_session, "s", "q");
        for (var turn = 0; turn < 20; turn++)
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(n => sender.SendAsync(Data($"{n}", null))));

            // What it gives back is on its way to it again at once.
            var session = new Session(_connection);
            var receiver = new ReceiverLink(session, $"r{turn}", "q");
            receiver.SetCredit(500, CreditMode.Auto);
            receiver.Release(await receiver.ReceiveAsync(TimeSpan.FromSeconds(20)));
            await (turn % 2 == 0 ? receiver.CloseAsync() : session.CloseAsync());
        }

        Assert.Null(_connection.Error);
        Assert.False(_session.IsClosed);
    }

    [Fact]
    public async Task Garbage_OnThePort_HarmsNobody()
    {
        var random = new Random(7);
        for (var round = 0; round < 20; round++)
        {
            using var client = new System.Net.Sockets.TcpClient();
            await client.ConnectAsync("127.0.0.1", _emulator.AmqpPort);
            var bytes = new byte[random.Next(1, 2_000)];
            random.NextBytes(bytes);
            if (round % 2 == 0)
            {
                "AMQP\0\x01\0\0"u8.CopyTo(bytes.Length >= 8 ? bytes : bytes = new byte[8]);
            }

            await client.GetStream().WriteAsync(bytes);
        }

        await new SenderLink(_session, "s", "q").SendAsync(Data("still here", null), TimeSpan.FromSeconds(20));
    }

    /// <summary>Why the link was closed; it may have been before anybody could listen.</summary>
    private static async Task<Error> RefusalAsync(Link link)
    {
        await Eventually.True(() => link.IsClosed, "the link is closed by the emulator");
        return link.Error;
    }

    private static Message Data(string text, Properties? properties) => new()
    {
        BodySection = new Data { Binary = System.Text.Encoding.UTF8.GetBytes(text) },
        Properties = properties,
    };

    private static DataList Parts(params string[] texts)
    {
        var list = new DataList();
        foreach (var text in texts)
        {
            list.Add(Part(text));
        }

        return list;
    }

    private static Data Part(string text)
    {
        var encoded = Data(text, new Properties { MessageId = text }).Encode();
        return new Data { Buffer = encoded };
    }
}
