// A long queue: what it costs in memory and at the start, and that the disk gets its space back.
using System.Diagnostics;
using ServerlessEventing.Local.ServiceBus.Tests.Crash;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Durability;

/// <summary>Measured on the emulator in a process of its own, messages of 1 KB.</summary>
public sealed class BacklogTests(ITestOutputHelper output) : IDisposable
{
    private const string Queue = "backlog";
    private const int BatchSize = 200;
    private const int BatchesInFlight = 8;
    private const long Megabyte = 1024 * 1024;
    private readonly TempFolder _folder = new();
    private readonly int _port = FreePort.Next();
    private readonly int _managementPort = FreePort.Next();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Backlog_OfFiftyThousand_CostsLittleForEachMessage()
    {
        const int Count = 50_000;
        await CreateAsync();
        var empty = await BestStartAsync();
        var sending = await FillAsync(Count);
        var full = await BestStartAsync();
        Report("sent", sending);

        // 64 MB for garbage that has not been collected yet: of a larger backlog it is no larger.
        var room = (64 * Megabyte) + (Count * 300L);
        Assert.InRange(sending.PeakBytes, 0, empty.PeakBytes + room + (64 * Megabyte));
        Assert.InRange(full.PeakBytes, 0, empty.PeakBytes + room);

        // Bringing a message back is to be much cheaper than taking it was, whatever this machine makes of both.
        Assert.InRange(full.Time - empty.Time, TimeSpan.MinValue, sending.Time / 2);
        await DrainAsync(Count);
    }

    [Fact]
    public async Task Backlog_OfAMillion_StaysInItsBounds()
    {
        LongRun.Required();
        const int Count = 1_000_000;
        await CreateAsync();
        var empty = await BestStartAsync();
        var sending = await FillAsync(Count);
        var full = await BestStartAsync();
        Report("empty", empty);
        Report("sent", sending);
        Report("full", full);
        Assert.InRange(empty.Time, TimeSpan.Zero, TimeSpan.FromSeconds(0.5));
        Assert.InRange(sending.PeakBytes, 0, 400 * Megabyte);
        Assert.InRange(full.PeakBytes, 0, 400 * Megabyte);
        Assert.InRange(full.Time, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await DrainAsync(Count);
    }

    private async Task CreateAsync()
    {
        using var emulator = await StartAsync();
        await new ServiceBusAdministrationClient(EmulatorProcess.ConnectionString(_managementPort)).CreateQueueAsync(
            new CreateQueueOptions(Queue) { MaxSizeInMegabytes = 5120, LockDuration = TimeSpan.FromMinutes(5) });
    }

    // The better of two: the machine may have been busy with something else.
    private async Task<Cost> BestStartAsync()
    {
        var first = await StartAndStopAsync();
        var second = await StartAndStopAsync();
        return first.Time < second.Time ? first : second;
    }

    private async Task<Cost> StartAndStopAsync()
    {
        var watch = Stopwatch.StartNew();
        using var emulator = await StartAsync();
        return new Cost(watch.Elapsed, emulator.PeakBytes);
    }

    private async Task<Cost> FillAsync(int count)
    {
        using var emulator = await StartAsync();
        await using var client = new ServiceBusClient(EmulatorProcess.ConnectionString(_port));
        await using var sender = client.CreateSender(Queue);
        var body = new BinaryData(new byte[1024]);
        var sending = new Queue<Task>();
        var watch = Stopwatch.StartNew();
        for (var sent = 0; sent < count; sent += BatchSize)
        {
            var batch = Enumerable.Range(0, BatchSize).Select(_ => new ServiceBusMessage(body));
            sending.Enqueue(sender.SendMessagesAsync(batch));
            if (sending.Count >= BatchesInFlight)
            {
                await sending.Dequeue();
            }
        }

        await Task.WhenAll(sending);
        return new Cost(watch.Elapsed, emulator.PeakBytes);
    }

    private async Task DrainAsync(int count)
    {
        using var emulator = await StartAsync();
        await using var client = new ServiceBusClient(EmulatorProcess.ConnectionString(_port));
        await using var receiver = client.CreateReceiver(
            Queue, new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        var watch = Stopwatch.StartNew();
        for (var got = 0; got < count;)
        {
            got += (await receiver.ReceiveMessagesAsync(1000, TimeSpan.FromSeconds(30))).Count;
        }

        Report("drained", new Cost(watch.Elapsed, emulator.PeakBytes));
        var file = new FileInfo(_folder["servicebus.db"]);
        var before = file.Length;
        await Eventually.True(
            () =>
            {
                file.Refresh();
                return file.Length < 24 * Megabyte;
            },
            "the store's file is cut to its spare pages", TimeSpan.FromMinutes(2));
        output.WriteLine($"file: {before / Megabyte} MB, then {file.Length / Megabyte} MB");
    }

    private Task<EmulatorProcess> StartAsync() => EmulatorProcess.Start(_folder.Path, _port, _managementPort);

    private void Report(string what, Cost cost) =>
        output.WriteLine($"{what}: {cost.Time.TotalMilliseconds:0} ms, {cost.PeakBytes / Megabyte} MB");

    private sealed record Cost(TimeSpan Time, long PeakBytes);
}
