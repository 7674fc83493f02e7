// Client and emulator together: the broker goes away under load and comes back.
using System.Collections.Concurrent;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class EmulatorRestartTests(EmulatorFixture emulator) : IClassFixture<EmulatorFixture>
{
    [Fact]
    public async Task Restarts_UnderLoad_NothingAcceptedIsLost()
    {
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        var accepted = new ConcurrentBag<string>();
        var handled = new ConcurrentDictionary<string, int>();
        await using var processor = emulator.Client.CreateProcessor(
            queue, new ServiceBusProcessorOptions { MaxConcurrentCalls = 32 });
        processor.ProcessMessageAsync += args =>
        {
            handled.AddOrUpdate(args.Message.Body.ToString(), 1, (_, n) => n + 1);
            return Task.CompletedTask;
        };
        processor.ProcessErrorAsync += _ => Task.CompletedTask;
        await processor.StartProcessingAsync();

        using var stop = new CancellationTokenSource();
        var sending = Enumerable.Range(0, 8).Select(async worker =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await sender.SendMessageAsync(new($"{worker}-{i}"));
                accepted.Add($"{worker}-{i}");
            }
        }).ToArray();
        for (var round = 0; round < 2; round++)
        {
            var before = accepted.Count;
            await Eventually.True(() => accepted.Count > before + 50, "sends go on");
            await emulator.RestartAsync();
        }

        var last = accepted.Count;
        await Eventually.True(() => accepted.Count > last + 50, "sends go on after the last restart");
        await stop.CancelAsync();
        await Task.WhenAll(sending);
        await Eventually.True(() => accepted.All(handled.ContainsKey), "everything accepted is handled");
    }
}
