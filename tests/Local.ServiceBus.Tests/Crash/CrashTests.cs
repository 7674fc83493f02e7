// kill -9 at random points under load: nothing accepted is lost, nothing settled comes back.
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Crash;

public sealed class CrashTests(ITestOutputHelper output)
{
    private const string Queue = "crash";

    private static readonly int _rounds = LongRun.IsAsked ? 20 : 3;

    [Fact]
    public async Task Killed_UnderLoad_KeepsEveryPromise()
    {
        using var folder = new TempFolder();
        var (port, managementPort) = (FreePort.Next(), FreePort.Next());
        var connection = EmulatorProcess.ConnectionString(port);
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var ledger = new Ledger();

        var emulator = await EmulatorProcess.Start(folder.Path, port, managementPort);
        try
        {
            await new ServiceBusAdministrationClient(EmulatorProcess.ConnectionString(managementPort)).CreateQueueAsync(
                new CreateQueueOptions(Queue)
                {
                    LockDuration = TimeSpan.FromSeconds(10), MaxDeliveryCount = 1000,
                });
            for (var round = 0; round < _rounds; round++)
            {
                var load = new Load(connection, Queue, ledger, round, random.Next());
                var running = load.Run();
                var until = ledger.Events + random.Next(20, 1500);
                await Eventually.True(() => ledger.Events >= until, $"{until} sends and settlements in the ledger");
                emulator.Kill();
                load.Crashed();
                await running.WaitAsync(TimeSpan.FromSeconds(60));
                emulator.Dispose();
                emulator = await EmulatorProcess.Start(folder.Path, port, managementPort);
            }

            await Account(connection, ledger);
        }
        finally
        {
            emulator.Dispose();
        }

        output.WriteLine($"{ledger.Accepted.Count} accepted, {ledger.Completed.Count} completed, "
            + $"{ledger.Buried.Count} dead-lettered, {_rounds} kills");
    }

    // Empties the queue and looks into the DLQ.
    private static async Task Account(string connection, Ledger ledger)
    {
        await using var client = new ServiceBusClient(connection);
        var settled = ledger.Settled();
        var owed = ledger.Owed();
        await using var receiver = client.CreateReceiver(Queue);
        await Eventually.True(
            async () =>
            {
                var page = await receiver.ReceiveMessagesAsync(100, TimeSpan.FromSeconds(1));
                foreach (var message in page)
                {
                    ledger.Received(message.MessageId, message.SequenceNumber, settled);
                    owed.Remove(message.MessageId);
                }

                // Together: one after the other, on a slow disk, would outlast the locks of the page.
                await Task.WhenAll(page.Select(message => receiver.CompleteMessageAsync(message)));
                return owed.Count == 0 && await receiver.PeekMessageAsync(0) is null;
            },
            $"every accepted message came back; missing {string.Join(", ", owed.Take(10))}",
            TimeSpan.FromSeconds(120));

        var buried = new HashSet<string>();
        await using var dead = client.CreateReceiver(
            Queue, new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
        for (var page = await dead.PeekMessagesAsync(100); page.Count > 0; page = await dead.PeekMessagesAsync(100))
        {
            buried.UnionWith(page.Select(message => message.MessageId));
        }

        Assert.Empty(ledger.Buried.Keys.Except(buried));
        Assert.Empty(ledger.Offences);
    }
}
