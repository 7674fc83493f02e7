// The emulator does what the contract says, as `eventing doctor` tells; and the contract notices a bus that does not.
using System.CommandLine;
using System.Globalization;
using ServerlessEventing.Cli.Commands;
using ServerlessEventing.Cli.Doctor;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Azure.Contract;

public sealed class EmulatorContractTests
{
    [Fact]
    public async Task Doctor_OnTheEmulator_FindsThatAllHoldAndLeavesNothingBehind()
    {
        using var folder = new TempFolder();
        await using var emulator = await StartAsync(folder, quirks: null);
        var before = Console.Out;
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        Console.SetOut(output);
        int exitCode;
        try
        {
            exitCode = await DoctorCommand.Create().Parse(
            [
                "--connection", emulator.ConnectionString,
                "--admin-port", emulator.ManagementPort.ToString(CultureInfo.InvariantCulture),
            ]).InvokeAsync();
        }
        finally
        {
            Console.SetOut(before);
        }

        Assert.True(exitCode == 0, output.ToString());
        Assert.Contains($"All {BusContract.Checks.Count} hold.", output.ToString(), StringComparison.Ordinal);
        var left = new ServiceBusAdministrationClient(emulator.ManagementConnectionString);
        Assert.Empty(await left.GetQueuesAsync().Select(queue => queue.Name).ToListAsync());
        Assert.Empty(await left.GetTopicsAsync().Select(topic => topic.Name).ToListAsync());
    }

    [Fact]
    public async Task RuleChange_ThatOverlaps_IsNoticed()
    {
        using var folder = new TempFolder();
        await using var emulator = await StartAsync(folder, new AzureQuirks { ThrottledShare = 0 });
        await using var client = new ServiceBusClient(emulator.ConnectionString);
        var administration = new ServiceBusAdministrationClient(emulator.ManagementConnectionString);
        var check = BusContract.Checks.Single(check => check.Name == "rule replaced atomically");

        var result = await BusContract.RunAsync([check], client, administration, CancellationToken.None).SingleAsync();

        Assert.False(result.Holds, "both versions match for 200 ms, and the check saw nothing");
        Assert.Contains("came twice", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Checks_HaveNamesOfTheirOwn()
    {
        Assert.Distinct(BusContract.Checks.Select(check => check.Name));
        Assert.Equal(5, BusContract.Checks.Count(check => check.Kind == ContractKind.Assumed));
    }

    private static Task<ServiceBusEmulator> StartAsync(TempFolder folder, AzureQuirks? quirks) =>
        ServiceBusEmulator.StartAsync(
            new() { DataFolder = folder.Path, Quirks = quirks }, CancellationToken.None);
}
