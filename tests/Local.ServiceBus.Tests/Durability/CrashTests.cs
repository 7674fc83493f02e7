// kill -9 under load: what was accepted is there, what was settled is not, numbers never go back.
using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Durability;

/// <summary>The ledger is in this process; the emulator is in another, which dies at a random moment of each round.</summary>
public sealed class CrashTests
{
    private const int Rounds = 4;

    [Fact]
    public async Task Kill_UnderLoad_LosesNothingAcceptedAndRepeatsNothingSettled()
    {
        using var folder = new TempFolder();
        var ledger = new Ledger();
        var random = new Random();
        for (var round = 0; round < Rounds; round++)
        {
            using var emulator = await EmulatorProcess.StartAsync(folder.Path);
            if (round == 0)
            {
                await CreateQueueAsync(emulator);
            }

            await using var load = await Load.StartAsync(emulator.AmqpPort, ledger, round);
            var target = ledger.Accepted.Count + random.Next(200, 1500);
            await Eventually.True(() => ledger.Accepted.Count >= target, "enough accepted in this round");
            emulator.Kill();
        }

        using var last = await EmulatorProcess.StartAsync(folder.Path);
        await using var rest = await Load.StartAsync(last.AmqpPort, ledger, Rounds, send: false);
        await Eventually.True(
            () => ledger.Accepted.Keys.All(ledger.Received.ContainsKey),
            "every accepted message received");
        Assert.Empty(ledger.ReturnedAfterSettling);
        Assert.Empty(ledger.NumbersThatWentBack);
    }

    private static async Task CreateQueueAsync(EmulatorProcess emulator)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Put, $"http://localhost:{emulator.ManagementPort}/q")
        {
            Content = new StringContent(
                "<entry xmlns=\"http://www.w3.org/2005/Atom\"><content type=\"application/xml\">" +
                $"<QueueDescription{Management.ManagementClient.Ns}><LockDuration>PT5M</LockDuration></QueueDescription>" +
                "</content></entry>"),
        };
        request.Headers.TryAddWithoutValidation("Authorization", Management.ManagementClient.Token);
        Assert.Equal(System.Net.HttpStatusCode.Created, (await http.SendAsync(request)).StatusCode);
    }

    /// <summary>What the outside knows.</summary>
    private sealed class Ledger
    {
        public ConcurrentDictionary<string, bool> Accepted { get; } = new();

        public ConcurrentDictionary<string, bool> Received { get; } = new();

        /// <summary>Settlements whose answer arrived: these must never come back.</summary>
        public ConcurrentDictionary<string, bool> Settled { get; } = new();

        public ConcurrentBag<string> ReturnedAfterSettling { get; } = [];

        public ConcurrentBag<string> NumbersThatWentBack { get; } = [];

        public ConcurrentDictionary<long, string> Numbers { get; } = new();
    }

    /// <summary>One sender with up to 100 in flight and one receiver that completes what it gets, and hears of it.</summary>
    private sealed class Load : IAsyncDisposable
    {
        /// <summary>Enough for a whole round: settling by request gives no credit back.</summary>
        private const int Credit = 100_000;
        private const string ReplyTo = "settled-here";
        private readonly Connection _connection;
        private readonly CancellationTokenSource _stop = new();
        private readonly SemaphoreSlim _inFlight = new(100);
        private readonly Ledger _ledger;
        private readonly int _round;
        private readonly SenderLink _settle;
        private Task _sending = Task.CompletedTask;

        private Load(Connection connection, Ledger ledger, int round)
        {
            _connection = connection;
            _ledger = ledger;
            _round = round;
            var management = new Session(connection);
            _settle = new SenderLink(management, "settle", "q/$management");
            var replies = new ReceiverLink(
                management,
                "settled",
                new Attach
                {
                    Source = new Source { Address = "q/$management" },
                    Target = new Target { Address = ReplyTo },
                },
                null);
            replies.Start(200, OnSettled);
        }

        public static async Task<Load> StartAsync(int port, Ledger ledger, int round, bool send = true)
        {
            var connection = await new ConnectionFactory().CreateAsync(
                new Address($"amqp://RootManageSharedAccessKey:SAS_KEY_VALUE@localhost:{port}"));
            var load = new Load(connection, ledger, round);
            new ReceiverLink(new Session(connection), "r", "q").Start(Credit, load.OnMessage);
            load._sending = send ? load.SendAsync() : Task.CompletedTask;
            return load;
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _sending;
            try
            {
                await _connection.CloseAsync(TimeSpan.FromSeconds(5), null);
            }
            catch (AmqpException)
            {
                // The other end was killed.
            }

            _stop.Dispose();
            _inFlight.Dispose();
        }

        private async Task SendAsync()
        {
            var sender = new SenderLink(new Session(_connection), "s", "q");
            try
            {
                for (var number = 0; !_stop.IsCancellationRequested; number++)
                {
                    await _inFlight.WaitAsync(_stop.Token);
                    var id = $"{_round}-{number}";
                    sender.Send(
                        new Message
                        {
                            Properties = new Properties { MessageId = id },
                            BodySection = new Data { Binary = new byte[512] },
                        },
                        null,
                        (_, _, outcome, _) =>
                        {
                            if (outcome is Accepted)
                            {
                                _ledger.Accepted[id] = true;
                                Release();
                            }
                        },
                        null);
                }
            }
            catch (Exception problem) when (problem is AmqpException or OperationCanceledException or ObjectDisposedException)
            {
                // The emulator was killed, or the round is over.
            }
        }

        private void Release()
        {
            if (!_stop.IsCancellationRequested)
            {
                _inFlight.Release();
            }
        }

        private void OnMessage(IReceiverLink link, Message message)
        {
            var id = message.Properties.MessageId;
            var number = (long)message.MessageAnnotations[new Symbol("x-opt-sequence-number")];
            if (_ledger.Settled.ContainsKey(id))
            {
                _ledger.ReturnedAfterSettling.Add(id);
            }

            if (_ledger.Numbers.GetOrAdd(number, id) != id)
            {
                _ledger.NumbersThatWentBack.Add($"{number}: {_ledger.Numbers[number]} and {id}");
            }

            _ledger.Received[id] = true;
            Settle(id, new Guid(message.DeliveryTag));
        }

        private void Settle(string id, Guid token)
        {
            try
            {
                _settle.Send(
                    new Message
                    {
                        Properties = new Properties { MessageId = id, ReplyTo = ReplyTo },
                        ApplicationProperties = new ApplicationProperties
                        {
                            ["operation"] = "com.microsoft:update-disposition",
                        },
                        BodySection = new AmqpValue
                        {
                            Value = new Map { ["lock-tokens"] = new[] { token }, ["disposition-status"] = "completed" },
                        },
                    },
                    null, null, null);
            }
            catch (AmqpException)
            {
                // The emulator was killed: whether this was settled is not known.
            }
        }

        private void OnSettled(IReceiverLink link, Message reply)
        {
            if (reply.ApplicationProperties["statusCode"] is 200)
            {
                _ledger.Settled[reply.Properties.CorrelationId] = true;
            }

            link.Accept(reply);
        }
    }
}
