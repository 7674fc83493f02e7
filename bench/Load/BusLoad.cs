// Messages into a queue and out of it again, by our own client.
using System.Diagnostics;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Bench.Load;

/// <summary>Connections to one queue, opened before anything is measured.</summary>
internal sealed class BusLoad : IBusLoad
{
    private const int MessageBytes = 1024;

    private static readonly BinaryData Body = new(new byte[MessageBytes]);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string queue;
    private readonly int inFlight;
    private readonly ServiceBusClient[] clients;
    private readonly ServiceBusSender[] senders;

    public BusLoad(string connectionString, string queue, int connections, int inFlight)
    {
        this.queue = queue;
        this.inFlight = inFlight;
        clients = [.. Enumerable.Range(0, connections).Select(_ => new ServiceBusClient(connectionString))];
        senders = [.. clients.Select(client => client.CreateSender(queue))];
    }

    /// <summary>Sends; as many as allowed are under way, each until the bus has accepted it.</summary>
    public async Task<BusResult> SendAsync(int count, CancellationToken cancellationToken)
    {
        await Task.WhenAll(senders.Select(async sender => await sender.CreateMessageBatchAsync(cancellationToken)));
        var latencies = new double[count];
        var next = -1;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(slot => SendAsync(senders[slot % senders.Length])));
        return new(watch.Elapsed, latencies);

        async Task SendAsync(ServiceBusSender sender)
        {
            int number;
            while ((number = Interlocked.Increment(ref next)) < latencies.Length)
            {
                var sent = Stopwatch.GetTimestamp();
                await sender.SendMessageAsync(new(Body), cancellationToken);
                latencies[number] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
            }
        }
    }

    /// <summary>Receives and completes; a message's time is that of its completion, until the bus has agreed.</summary>
    public async Task<BusResult> ReceiveAsync(int count, CancellationToken cancellationToken)
    {
        var latencies = new double[count];
        var completed = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var processors = clients.Select(Create).ToArray();
        var watch = Stopwatch.StartNew();
        try
        {
            await Task.WhenAll(processors.Select(processor => processor.StartProcessingAsync(cancellationToken)));
            await all.Task.WaitAsync(Patience, cancellationToken);
            return new(watch.Elapsed, latencies);
        }
        catch (TimeoutException)
        {
            throw new BenchException($"Only {completed} of {count} messages were completed within {Patience}.");
        }
        finally
        {
            await Task.WhenAll(processors.Select(processor => processor.DisposeAsync().AsTask()));
        }

        ServiceBusProcessor Create(ServiceBusClient client)
        {
            var processor = client.CreateProcessor(queue, new ServiceBusProcessorOptions
            {
                MaxConcurrentCalls = Math.Max(1, inFlight / clients.Length),
                AutoCompleteMessages = false,
            });
            processor.ProcessMessageAsync += async args =>
            {
                var received = Stopwatch.GetTimestamp();
                await args.CompleteMessageAsync(args.Message, CancellationToken.None);
                var number = Interlocked.Increment(ref completed) - 1;
                if (number < latencies.Length)
                {
                    latencies[number] = Stopwatch.GetElapsedTime(received).TotalMilliseconds;
                }

                if (number == latencies.Length - 1)
                {
                    all.TrySetResult();
                }
            };
            processor.ProcessErrorAsync += args =>
            {
                all.TrySetException(new BenchException($"receiving: {args.Exception.Message}"));
                return Task.CompletedTask;
            };
            return processor;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }
}
