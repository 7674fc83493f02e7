// The bus of the tests' house.
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>A Service Bus emulator of the test's own.</summary>
public sealed class Bus : IAsyncDisposable
{
    private ServiceBusEmulator _emulator = null!;
    private string _folder = "";

    public string Connection => _emulator.ConnectionString;

    public string ManagementConnection => _emulator.ManagementConnectionString;

    public ServiceBusAdministrationClient Administration { get; private set; } = null!;

    public async Task<IReadOnlyList<SubscriptionProperties>> Subscriptions(string topic)
    {
        var found = new List<SubscriptionProperties>();
        await foreach (var subscription in Administration.GetSubscriptionsAsync(topic))
        {
            found.Add(subscription);
        }

        return found;
    }

    public async Task<IReadOnlyList<RuleProperties>> Rules(SubscriptionProperties subscription)
    {
        var found = new List<RuleProperties>();
        await foreach (var rule in Administration.GetRulesAsync(
            subscription.TopicName, subscription.SubscriptionName))
        {
            found.Add(rule);
        }

        return found;
    }

    public async Task StartAsync(string folder, AzureQuirks? quirks = null)
    {
        _folder = folder;
        _emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = folder, Quirks = quirks }, default);
        Administration = new ServiceBusAdministrationClient(ManagementConnection);
    }

    /// <summary>Stops it and starts it again at the same ports; what it stored is still there.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAgainAsync();
    }

    public ValueTask StopAsync() => _emulator.DisposeAsync();

    public async Task StartAgainAsync() => _emulator = await ServiceBusEmulator.StartAsync(
        new ServiceBusEmulatorOptions
        {
            DataFolder = _folder,
            AmqpPort = _emulator.AmqpPort,
            ManagementPort = _emulator.ManagementPort,
        },
        default);

    public ValueTask DisposeAsync() => _emulator.DisposeAsync();
}
