// What a check works with: a bus, entities made for it alone, and patience.
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Cli.Doctor;

/// <summary>Makes entities under names that nobody else has and removes them at the end, the last one first.</summary>
internal sealed class BusProbe(ServiceBusClient client, ServiceBusAdministrationClient administration)
    : IAsyncDisposable
{
    /// <summary>What the names of all entities begin with.</summary>
    public const string Prefix = "eventing-contract-";

    /// <summary>How long something is waited for that must come.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>How long nothing may come before it is believed that nothing will.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1.5);

    private static readonly TimeSpan CleanUpTime = TimeSpan.FromSeconds(30);

    private readonly Stack<Func<CancellationToken, Task>> made = new();

    public ServiceBusClient Client => client;

    public ServiceBusAdministrationClient Administration => administration;

    public async Task<string> AddQueueAsync(
        CancellationToken cancellationToken, Action<CreateQueueOptions>? configure = null)
    {
        var options = new CreateQueueOptions(NewName());
        configure?.Invoke(options);
        await administration.CreateQueueAsync(options, cancellationToken);
        made.Push(token => administration.DeleteQueueAsync(options.Name, token));
        return options.Name;
    }

    public async Task<string> AddTopicAsync(CancellationToken cancellationToken)
    {
        var name = NewName();
        await administration.CreateTopicAsync(name, cancellationToken);
        made.Push(token => administration.DeleteTopicAsync(name, token));
        return name;
    }

    /// <summary>A bus subscription with one rule; it goes with its topic.</summary>
    public Task AddSubscriptionAsync(
        string topic, string name, CreateRuleOptions rule, string? forwardTo, CancellationToken cancellationToken) =>
        administration.CreateSubscriptionAsync(
            new CreateSubscriptionOptions(topic, name) { ForwardTo = forwardTo }, rule, cancellationToken);

    public async Task SendAsync(string entity, ServiceBusMessage message, CancellationToken cancellationToken)
    {
        await using var sender = client.CreateSender(entity);
        await sender.SendMessageAsync(message, cancellationToken);
    }

    /// <summary>The next message, locked; it is an offence against the contract when none comes.</summary>
    public static async Task<ServiceBusReceivedMessage> OneAsync(
        ServiceBusReceiver receiver, CancellationToken cancellationToken) =>
        await receiver.ReceiveMessageAsync(Patience, cancellationToken)
        ?? throw new ContractException($"no message came from {receiver.EntityPath} in {Patience.TotalSeconds:0} s");

    /// <summary>Takes all there are, and waits for <paramref name="expected"/> of them.</summary>
    public async Task<List<ServiceBusReceivedMessage>> DrainAsync(
        string queue, int expected, CancellationToken cancellationToken, string? subscription = null)
    {
        var options = new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete };
        await using var receiver = subscription is null
            ? client.CreateReceiver(queue, options)
            : client.CreateReceiver(queue, subscription, options);
        var all = new List<ServiceBusReceivedMessage>();
        while (await receiver.ReceiveMessagesAsync(100, all.Count < expected ? Patience : Quiet, cancellationToken)
            is { Count: > 0 } some)
        {
            all.AddRange(some);
        }

        return all;
    }

    public static void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ContractException(otherwise);
        }
    }

    /// <summary>Expects the bus to refuse with a reason.</summary>
    public static async Task RefusedAsync(Task attempt, ServiceBusFailureReason reason)
    {
        try
        {
            await attempt;
        }
        catch (ServiceBusException refusal)
        {
            Expect(refusal.Reason == reason, $"refused as {refusal.Reason} instead of {reason}: {refusal.Message}");
            return;
        }

        throw new ContractException($"taken, instead of refused as {reason}");
    }

    public async ValueTask DisposeAsync()
    {
        // A check that was cancelled cleans up after itself all the same.
        using var limit = new CancellationTokenSource(CleanUpTime);
        while (made.TryPop(out var remove))
        {
            try
            {
                await remove(limit.Token);
            }
            catch (Exception problem) when (problem is ServiceBusException or OperationCanceledException)
            {
                // What cannot be removed shows by its name in the portal; the rest is still tried.
            }
        }
    }

    private static string NewName() => $"{Prefix}{Guid.NewGuid():N}"[..(Prefix.Length + 12)];
}
