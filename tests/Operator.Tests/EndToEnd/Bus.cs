// The bus of the tests' house.
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>A Service Bus emulator of the test's own.</summary>
public sealed class Bus : IAsyncDisposable
{
    public string Connection =>
        $"Endpoint=sb://localhost:1;SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true";

    public string ManagementConnection => Connection;

    public ServiceBusAdministrationClient Administration => new(ManagementConnection);

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

    public Task StartAsync(string folder) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
