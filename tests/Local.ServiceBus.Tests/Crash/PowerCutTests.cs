// The power cut at random points under load: what was accepted is on the disk. Killing a process does not show that.
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Crash;

public sealed class PowerCutTests(ITestOutputHelper output)
{
    private const string Queue = "power";
    private static readonly int _cuts = LongRun.IsAsked ? 20 : 3;
    private readonly int _port = FreePort.Next();
    private readonly int _managementPort = FreePort.Next();
    private readonly Ledger _ledger = new();
    private readonly Random _random = new();

    [Fact]
    public async Task PowerCut_UnderLoad_LosesNothingThatWasAccepted()
    {
        Assert.Empty(await RunAsync(_cuts, skipFlush: false));
        output.WriteLine($"{_ledger.Accepted.Count} accepted, {_ledger.Completed.Count} completed, {_cuts} cuts");
    }

    // The test of the test: a store that forgets to flush is found out.
    [Fact]
    public async Task PowerCut_WithoutFlushing_IsSeenToLoseMessages()
    {
        var offences = await RunAsync(cuts: 1, skipFlush: true);
        output.WriteLine($"{_ledger.Accepted.Count} accepted; {offences.FirstOrDefault()}");
        Assert.NotEmpty(offences);
    }

    private async Task<List<string>> RunAsync(int cuts, bool skipFlush)
    {
        await using var disk = await PowerDisk.CreateAsync();
        var emulator = await StartAsync(disk, skipFlush);
        try
        {
            await new ServiceBusAdministrationClient(EmulatorProcess.ConnectionString(_managementPort))
                .CreateQueueAsync(new CreateQueueOptions(Queue) { MaxDeliveryCount = 1000 });

            // The queue itself is not at stake: without it a forgotten flush would be too easy to see.
            await Shell.RunAsync("sync");
            List<string> offences = [];
            for (var cut = 0; cut < cuts && offences.Count == 0; cut++)
            {
                var load = new Load(
                    EmulatorProcess.ConnectionString(_port), Queue, _ledger, cut, _random.Next());
                var running = load.Run();
                var until = _ledger.Events + _random.Next(20, 1500);
                await Eventually.True(() => _ledger.Events >= until, $"{until} sends and settlements");
                await disk.CutAsync(emulator);
                load.Crashed();
                await running.WaitAsync(TimeSpan.FromSeconds(60));
                emulator.Dispose();
                emulator = await StartAsync(disk, skipFlush);
                offences = await Witness.OffencesAsync(
                    EmulatorProcess.ConnectionString(_port), EmulatorProcess.ConnectionString(_managementPort), Queue,
                    _ledger);
            }

            return offences;
        }
        finally
        {
            emulator.Dispose();
        }
    }

    private Task<EmulatorProcess> StartAsync(PowerDisk disk, bool skipFlush) =>
        EmulatorProcess.Start(Path.Combine(disk.Path, "data"), _port, _managementPort, skipFlush);
}
