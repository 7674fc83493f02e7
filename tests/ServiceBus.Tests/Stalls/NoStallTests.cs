// A receiver that has something to take never stands still: all kinds of receivers on one connection, mixed load.
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests.Stalls;

/// <summary>
/// Credit is what gets lost: the library sets a link's to zero on a flow that brings none, drains take it away,
/// settlements give it back. So load comes in bursts with pauses between them, and receivers drain, prefetch, abandon
/// and hold sessions.
/// </summary>
public sealed class NoStallTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(LongRun.Asked ? 30 : 1);

    private readonly CancellationTokenSource sendingEnds = new();
    private readonly CancellationTokenSource receivingEnds = new();
    private readonly List<Task> receiving = [];
    private readonly List<IAsyncDisposable> processors = [];

    [Fact]
    public async Task MixedLoad_NoReceiverStandsStillForASecond()
    {
        // A disk that takes its time over a flush is not what this is about.
        using var folder = TempFolder.InMemory();
        await using var emulator = await ServiceBusEmulator.StartAsync(
            new() { DataFolder = folder.Path }, CancellationToken.None);
        await using var client = new ServiceBusClient(emulator.ConnectionString);
        var lanes = await StartLanesAsync(
            client, new ServiceBusAdministrationClient(emulator.ManagementConnectionString));
        var pacer = new Pacer();
        var pacing = pacer.RunAsync(receivingEnds.Token);
        var sending = lanes.Select(lane => SendAsync(client, lane)).ToArray();
        sendingEnds.CancelAfter(Duration);
        var sent = await Task.WhenAll(sending);
        await Eventually.True(() => lanes.All(lane => lane.Waiting <= 0), "everything is taken");
        await receivingEnds.CancelAsync();
        await Task.WhenAll(receiving);
        await pacing;
        foreach (var processor in processors)
        {
            await processor.DisposeAsync();
        }

        foreach (var (lane, slowest) in lanes.Zip(sent))
        {
            output.WriteLine($"{lane.Name,-20} {lane.Taken,7} taken, "
                + $"longest wait {lane.Worst().TotalMilliseconds:0} ms, "
                + $"slowest send {slowest.TotalMilliseconds:0} ms");
        }

        output.WriteLine($"this process was held up for {pacer.Worst.TotalMilliseconds:0} ms at most");
        var limit = Allowed + pacer.Worst;
        Assert.All(lanes, lane => Assert.True(lane.Worst() < limit, $"{lane.Name} stood still for {lane.Worst()}"));
        Assert.All(sent, slowest => Assert.True(slowest < limit, $"a send took {slowest}"));
    }

    private async Task<Lane[]> StartLanesAsync(ServiceBusClient client, ServiceBusAdministrationClient administration)
    {
        var lanes = new List<Lane>();
        async Task<Lane> AddAsync(string name, Action<CreateQueueOptions>? configure = null)
        {
            var options = new CreateQueueOptions(name) { MaxDeliveryCount = 100 };
            configure?.Invoke(options);
            await administration.CreateQueueAsync(options);
            lanes.Add(new(name));
            return lanes[^1];
        }

        await StartProcessorAsync(client, await AddAsync("processor"), new() { MaxConcurrentCalls = 8 });
        await StartProcessorAsync(
            client, await AddAsync("processor-prefetch"), new() { MaxConcurrentCalls = 4, PrefetchCount = 50 });
        await StartSessionsAsync(client, await AddAsync("sessions", options => options.RequiresSession = true));
        receiving.Add(ReceiveAsync(client, await AddAsync("receiver-drains"), new()));
        receiving.Add(ReceiveAsync(client, await AddAsync("receiver-prefetch"), new() { PrefetchCount = 20 }));
        receiving.Add(ReceiveAsync(
            client,
            await AddAsync("receive-and-delete"),
            new() { PrefetchCount = 20, ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete }));
        return [.. lanes];
    }

    private async Task StartProcessorAsync(ServiceBusClient client, Lane lane, ServiceBusProcessorOptions options)
    {
        var processor = client.CreateProcessor(lane.Name, options);
        processor.ProcessMessageAsync += async args =>
        {
            lane.Take();
            if (args.Message.SequenceNumber % 7 == 0 && args.Message.DeliveryCount == 1)
            {
                await args.AbandonMessageAsync(args.Message);
                lane.Add();
            }
        };
        processor.ProcessErrorAsync += Tell;
        await processor.StartProcessingAsync();
        processors.Add(processor);
    }

    private async Task StartSessionsAsync(ServiceBusClient client, Lane lane)
    {
        var processor = client.CreateSessionProcessor(
            lane.Name, new() { MaxConcurrentSessions = 3, SessionIdleTimeout = TimeSpan.FromMilliseconds(50) });
        processor.ProcessMessageAsync += _ =>
        {
            lane.Take();
            return Task.CompletedTask;
        };
        processor.ProcessErrorAsync += Tell;
        await processor.StartProcessingAsync();
        processors.Add(processor);
    }

    private async Task ReceiveAsync(ServiceBusClient client, Lane lane, ServiceBusReceiverOptions options)
    {
        await using var receiver = client.CreateReceiver(lane.Name, options);
        while (!receivingEnds.IsCancellationRequested)
        {
            foreach (var message in await receiver.ReceiveMessagesAsync(10, TimeSpan.FromMilliseconds(100)))
            {
                lane.Take();
                if (options.ReceiveMode == ServiceBusReceiveMode.ReceiveAndDelete)
                {
                    continue;
                }

                if (message.SequenceNumber % 5 == 0 && message.DeliveryCount == 1)
                {
                    await receiver.AbandonMessageAsync(message);
                    lane.Add();
                }
                else
                {
                    await receiver.CompleteMessageAsync(message);
                }
            }
        }
    }

    /// <summary>Bursts, single messages and pauses, by dice that fall the same way in each run.</summary>
    /// <returns>How long the slowest send took.</returns>
    private async Task<TimeSpan> SendAsync(ServiceBusClient client, Lane lane)
    {
        await using var sender = client.CreateSender(lane.Name);
        var dice = new Random(lane.Name.Length);
        var slowest = TimeSpan.Zero;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!sendingEnds.IsCancellationRequested && await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            var count = dice.Next(10) switch { 0 => 40, < 5 => dice.Next(1, 4), _ => 0 };
            await Task.WhenAll(Enumerable.Range(0, count).Select(async number =>
            {
                var start = TimeProvider.System.GetTimestamp();
                await sender.SendMessageAsync(new("x") { SessionId = $"s{number % 5}" });
                lane.Add();
                var took = TimeProvider.System.GetElapsedTime(start);
                lock (dice)
                {
                    slowest = took > slowest ? took : slowest;
                }
            }));
        }

        return slowest;
    }

    private Task Tell(ProcessErrorEventArgs args)
    {
        output.WriteLine($"{args.EntityPath}: {args.ErrorSource}: {args.Exception.Message}");
        return Task.CompletedTask;
    }
}
