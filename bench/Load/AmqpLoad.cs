// Messages into a queue and out of it again in AMQP 1.0 as any broker speaks it: nothing of Service Bus.
using System.Diagnostics;
using Amqp;
using Amqp.Framing;

namespace ServerlessEventing.Bench.Load;

/// <summary>
/// The AMQP library alone, so that the emulator and RabbitMQ are driven by the very same program: the key opens the
/// connection (SASL PLAIN), queue and messages ask to be kept.
/// <code>
///   per connection:  send     as many transfers under way as allowed ─► the broker's disposition
///                    receive  credit for as many ─► accept each ─► all taken: credit again ─► …
/// </code>
/// Credit is given only when none is left: RabbitMQ 3 miscounts what it gets while messages are on their way. The
/// library tells completions without asking for an answer; the time ends when the last one was told.
/// </summary>
internal sealed class AmqpLoad : IBusLoad
{
    private const int MessageBytes = 1024;

    /// <summary>terminus-durability: unsettled-state. RabbitMQ declares the queue durable by it.</summary>
    private const uint Durable = 2;

    private static readonly byte[] Body = new byte[MessageBytes];
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string queue;
    private readonly int inFlight;
    private readonly Connection[] connections;
    private readonly SenderLink[] senders;

    private AmqpLoad(string queue, int inFlight, Connection[] connections)
    {
        this.queue = queue;
        this.inFlight = inFlight;
        this.connections = connections;
        var target = new Target { Address = queue, Durable = Durable };
        senders = [.. connections.Select(connection => new SenderLink(new(connection), "send", target, null))];
    }

    public static async Task<AmqpLoad> ConnectAsync(Address broker, string queue, int connections, int inFlight)
    {
        var factory = new ConnectionFactory { TCP = { NoDelay = true }, AMQP = { MaxFrameSize = 256 * 1024 } };
        return new(queue, inFlight, await Task.WhenAll(
            Enumerable.Range(0, connections).Select(_ => factory.CreateAsync(broker))));
    }

    public async Task<BusResult> SendAsync(int count, CancellationToken cancellationToken)
    {
        var latencies = new double[count];
        var next = -1;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(slot => SendAsync(senders[slot % senders.Length])))
            .WaitAsync(Patience, cancellationToken);
        return new(watch.Elapsed, latencies);

        async Task SendAsync(SenderLink sender)
        {
            int number;
            while ((number = Interlocked.Increment(ref next)) < latencies.Length)
            {
                var sent = Stopwatch.GetTimestamp();
                await sender.SendAsync(new()
                {
                    Header = new() { Durable = true },
                    BodySection = new Data { Binary = Body },
                });
                latencies[number] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
            }
        }
    }

    public async Task<BusResult> ReceiveAsync(int count, CancellationToken cancellationToken)
    {
        var completed = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var watch = Stopwatch.StartNew();
        var sessions = connections.Select(connection => new Session(connection)).ToArray();
        Array.ForEach(sessions, Receive);
        await all.Task.WaitAsync(Patience, cancellationToken);
        return new(watch.Elapsed, []);

        void Receive(Session session)
        {
            var credit = Math.Max(1, inFlight / sessions.Length);
            var left = credit;
            var link = new ReceiverLink(session, "receive", new Source { Address = queue, Durable = Durable }, null);
            link.AddClosedCallback((_, error) => all.TrySetException(new BenchException($"receiving: {error}")));
            link.Start(0, (receiver, message) =>
            {
                receiver.Accept(message);
                if (--left == 0)
                {
                    left = credit;
                    receiver.SetCredit(credit, CreditMode.Manual);
                }

                if (Interlocked.Increment(ref completed) == count)
                {
                    all.TrySetResult();
                }
            });
            link.SetCredit(credit, CreditMode.Manual);
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(connections.Select(CloseAsync));

    // RabbitMQ sometimes leaves a goodbye unanswered; the connection is gone all the same.
    private static async Task CloseAsync(Connection connection)
    {
        try
        {
            await connection.CloseAsync(Farewell);
        }
        catch (TimeoutException)
        {
        }
    }
}
