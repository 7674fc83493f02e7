// Frames as no client sends them: the connection ends for a reason, the emulator goes on.
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using ServerlessEventing.Local.ServiceBus.Tests.Management;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Amqp;

/// <summary>Bytes straight onto the AMQP port, without a client's good manners.</summary>
public sealed class MalformedFramesTests : IAsyncLifetime
{
    private const long MemoryGrowth = 64 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] Header = "AMQP\0\x1\0\0"u8.ToArray();
    private readonly TempFolder _folder = new();
    private ServiceBusEmulator _emulator = null!;
    private ManagementClient _management = null!;

    public async ValueTask InitializeAsync()
    {
        _emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = _folder.Path, NoAuth = true }, CancellationToken.None);
        _management = new ManagementClient(_emulator);
        await _management.CreateQueueAsync("q");
    }

    public async ValueTask DisposeAsync()
    {
        _management.Dispose();
        await _emulator.DisposeAsync();
        _folder.Dispose();
    }

    public static TheoryData<string, string> Malformed => new()
    {
        { "size 0", "amqp:connection:framing-error" },
        { "size of its header's half", "amqp:connection:framing-error" },
        { "size 2^32-1", "amqp:connection:framing-error" },
        { "size beyond the limit", "amqp:connection:framing-error" },
        { "data offset 0", "amqp:connection:framing-error" },
        { "data offset beyond the frame", "amqp:connection:framing-error" },
        { "no described type", "amqp:decode-error" },
        { "unknown performative", "amqp:decode-error" },
        { "descriptors in descriptors", "amqp:decode-error" },
        { "lists in lists", "amqp:decode-error" },
        { "array of two billion nulls", "amqp:decode-error" },
        { "list shorter than it says", "amqp:decode-error" },
        { "transfer without a session", "amqp:not-found" },
        { "session on a channel beyond the limit", "amqp:not-allowed" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Frame_Malformed_ClosesTheConnectionWithTheCondition(string what, string condition)
    {
        var answer = await ExchangeAsync([.. Header, .. FrameOf(new Open { ContainerId = "c" }), .. Make(what)]);

        Assert.Contains(condition, System.Text.Encoding.ASCII.GetString(answer), StringComparison.Ordinal);
        await AssertServesAsync();
    }

    [Fact]
    public async Task Frames_MutatedAtRandom_NeitherCrashNorHangNorPileUp()
    {
        byte[] conversation =
        [
            .. FrameOf(new Open { ContainerId = "c", MaxFrameSize = 65536 }),
            .. FrameOf(new Begin { NextOutgoingId = 1, IncomingWindow = 100, OutgoingWindow = 100 }),
            .. FrameOf(new Attach
            {
                LinkName = "s", Handle = 0, Role = false, Source = new Source(), Target = new Target { Address = "q" },
            }),
            .. FrameOf(new Attach
            {
                LinkName = "r", Handle = 1, Role = true, Source = new Source { Address = "q" }, Target = new Target(),
            }),
            .. FrameOf(new Flow
            {
                NextIncomingId = 1, IncomingWindow = 9, NextOutgoingId = 1, OutgoingWindow = 9, Handle = 1,
                LinkCredit = 5, DeliveryCount = 0,
            }),
            .. FrameOf(
                new Transfer { Handle = 0, DeliveryId = 0, DeliveryTag = [1], MessageFormat = 0 },
                new Message("hello") { Properties = new Properties { MessageId = "1" } }),
            .. FrameOf(new Dispose
            {
                Role = true, First = 0, Last = uint.MaxValue, Settled = true, State = new Accepted(),
            }),
        ];
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var seed = 0; seed < 150; seed++)
        {
            await ExchangeAsync([.. Header, .. Mutate(conversation, new Random(seed))]);
        }

        await AssertServesAsync();
        await Eventually.True(
            () => GC.GetTotalMemory(forceFullCollection: true) - before < MemoryGrowth, "memory is given back");
    }

    [Fact]
    public async Task Bytes_OfAnotherProtocolOrNone_EndTheConnection()
    {
        foreach (var bytes in (byte[][])["GET / HTTP/1.1\r\n\r\n"u8.ToArray(), [0], [], new byte[100_000]])
        {
            await ExchangeAsync(bytes);
        }

        await AssertServesAsync();
    }

    private static byte[] Make(string what)
    {
        byte[] list = [0x00, 0x53, 0x11, 0x45];
        return what switch
        {
            "size 0" => Frame(list, size: 0),
            "size of its header's half" => Frame(list, size: 4),
            "size 2^32-1" => Frame(list, size: uint.MaxValue),
            "size beyond the limit" => Frame(list, size: 1_000_000),
            "data offset 0" => Frame(list, dataOffset: 0),
            "data offset beyond the frame" => Frame(list, dataOffset: 255),
            "no described type" => Frame([0x45]),
            "unknown performative" => Frame([0x00, 0x53, 0xEE, 0x45]),
            "descriptors in descriptors" => Frame(new byte[60_000]),
            "lists in lists" => Frame([0x00, 0x53, 0x11, .. Nested(6_000)]),
            "array of two billion nulls" => Frame(
                [0x00, 0x53, 0x11, 0xD0, 0, 0, 0, 14, 0, 0, 0, 1, 0xF0, 0, 0, 0, 5, 0x7F, 0xFF, 0xFF, 0xFF, 0x40]),
            "list shorter than it says" => Frame([0x00, 0x53, 0x11, 0xC0, 200, 5, 0x40]),
            "transfer without a session" => FrameOf(new Transfer { Handle = 0, DeliveryId = 0, DeliveryTag = [1] }),
            _ => Frame(
                Encode(new Begin { NextOutgoingId = 1, IncomingWindow = 1, OutgoingWindow = 1 }), channel: 60_000),
        };
    }

    private static byte[] Nested(int depth)
    {
        byte[] value = [0x45];
        var bytes = new byte[(9 * depth) + 1];
        var size = 1;
        bytes[^1] = value[0];
        for (var level = 1; level <= depth; level++)
        {
            var start = bytes.Length - 1 - (9 * level);
            bytes[start] = 0xD0;
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(start + 1), size + 4);
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(start + 5), 1);
            size += 9;
        }

        return bytes;
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        var mutated = bytes.ToList();
        for (var change = random.Next(1, 6); change > 0; change--)
        {
            var at = random.Next(mutated.Count);
            switch (random.Next(4))
            {
                case 0:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 1:
                    mutated.RemoveRange(at, Math.Min(random.Next(1, 9), mutated.Count - at - 1));
                    break;
                case 2:
                    mutated.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }

        return [.. mutated];
    }

    private static byte[] Frame(byte[] body, uint? size = null, byte dataOffset = 2, ushort channel = 0)
    {
        var frame = new byte[8 + body.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, size ?? (uint)frame.Length);
        frame[4] = dataOffset;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(6), channel);
        body.CopyTo(frame, 8);
        return frame;
    }

    private static byte[] FrameOf(Described performative, Message? payload = null)
    {
        var body = Encode(performative);
        return payload is null ? Frame(body) : Frame([.. body, .. Bytes(payload.Encode())]);
    }

    private static byte[] Encode(Described performative)
    {
        var buffer = new ByteBuffer(1024, autoGrow: true);
        performative.Encode(buffer);
        return Bytes(buffer);
    }

    private static byte[] Bytes(ByteBuffer buffer) => buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();

    /// <summary>Says all of it, then listens until the emulator has nothing more to say.</summary>
    private async Task<byte[]> ExchangeAsync(byte[] bytes)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var deadline = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(IPAddress.Loopback, _emulator.AmqpPort, deadline.Token);
        using var answer = new MemoryStream();
        try
        {
            await socket.SendAsync(bytes.AsMemory(), SocketFlags.None, deadline.Token);
            socket.Shutdown(SocketShutdown.Send);
            var buffer = new byte[64 * 1024];
            while (await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, deadline.Token) is > 0 and var read)
            {
                answer.Write(buffer, 0, read);
            }
        }
        catch (SocketException)
        {
            // Closed with bytes of ours unread: a reset.
        }

        return answer.ToArray();
    }

    private async Task AssertServesAsync()
    {
        var connection = await new ConnectionFactory().CreateAsync(
            new Address($"amqp://localhost:{_emulator.AmqpPort}"));
        await new SenderLink(new Session(connection), "s", "q").SendAsync(new Message("still here"), Patience);
        await connection.CloseAsync();
    }
}
