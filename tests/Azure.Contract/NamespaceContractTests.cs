// A real namespace does what the contract says: asked only when one is given.
using ServerlessEventing.Cli.Doctor;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Azure.Contract;

public sealed class NamespaceContractTests
{
    /// <summary>A connection string with the right to manage, or a host name and an Entra identity.</summary>
    [Fact]
    public async Task Namespace_HoldsTheContract()
    {
        var connection = Environment.GetEnvironmentVariable("SERVICEBUS_CONNECTION");
        Assert.SkipWhen(
            string.IsNullOrEmpty(connection), "SERVICEBUS_CONNECTION is not set: no real namespace is asked.");
        await using var client = new ServiceBusClient(connection!);
        var results = await BusContract.RunAsync(
            BusContract.Checks,
            client,
            new ServiceBusAdministrationClient(connection!),
            TestContext.Current.CancellationToken).ToListAsync();

        foreach (var result in results)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{result.Check.Name}: {result.Holds} {result.Detail}");
        }

        Assert.Empty(results.Where(result => !result.Holds).Select(result => $"{result.Check.Name}: {result.Detail}"));
    }
}
