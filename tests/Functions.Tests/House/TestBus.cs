// The bus of a test: the emulator with the lanes that the operator would have made.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.House;

internal sealed class TestBus : IAsyncDisposable
{
    private readonly TempFolder folder;
    private ServiceBusEmulator emulator;

    private TestBus(TempFolder folder, ServiceBusEmulator emulator)
    {
        this.folder = folder;
        this.emulator = emulator;
        Administration = new(emulator.ManagementConnectionString);
        ConnectionString = emulator.ConnectionString;
        Client = new(ConnectionString);
    }

    public string ConnectionString { get; }

    public ServiceBusAdministrationClient Administration { get; }

    public ServiceBusClient Client { get; }

    /// <summary>Messages that were sent again with the same id, and not stored again.</summary>
    public long DuplicatesDropped => emulator.Counters.DuplicatesDropped;

    /// <summary>Starts the emulator; with Azure's quirks, it is slow by them alone and not by the disk.</summary>
    public static async Task<TestBus> StartAsync(AzureQuirks? quirks = null)
    {
        var folder = quirks is null ? new TempFolder() : TempFolder.InMemory();
        var emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = folder.Path, Quirks = quirks }, CancellationToken.None);
        var bus = new TestBus(folder, emulator);
        await bus.Administration.CreateQueueAsync(EntityNames.DeadLetters);
        await bus.AddLaneAsync(EntityNames.TriggersLane);
        await bus.AddLaneAsync(EntityNames.SubscriptionsLane);
        await bus.AddLaneAsync(EntityNames.SourcesLane, duplicateDetection: true);
        return bus;
    }

    /// <summary>Takes the bus away; what it has stays in its folder.</summary>
    public ValueTask StopAsync() => emulator.DisposeAsync();

    /// <summary>Brings it back at the same address.</summary>
    public async Task StartAgainAsync() => emulator = await ServiceBusEmulator.StartAsync(
        new ServiceBusEmulatorOptions
        {
            DataFolder = folder.Path,
            AmqpPort = emulator.AmqpPort,
            ManagementPort = emulator.ManagementPort,
        },
        CancellationToken.None);

    /// <summary>Publishes an event as an ingress would, so that it waits for whoever empties the lanes.</summary>
    public async Task PublishAsync(string topic, string id)
    {
        await using var sender = Client.CreateSender(topic);
        await sender.SendMessageAsync(new ServiceBusMessage("{\"n\": 1.0}")
        {
            MessageId = id,
            ContentType = "application/json",
            ApplicationProperties =
            {
                ["cloudEvents_specversion"] = "1.0",
                ["cloudEvents_id"] = id,
                ["cloudEvents_type"] = "com.example.FullEvent",
                ["cloudEvents_source"] = "/tests",
                [MessageProperties.Id] = id,
            },
        });
    }

    /// <summary>A topic whose events go to the lane for each of the egresses added to it.</summary>
    public Task AddTopicAsync(string topic, bool duplicateDetection = false) => Administration.CreateTopicAsync(
        new CreateTopicOptions(topic) { RequiresDuplicateDetection = duplicateDetection });

    /// <summary>A bus subscription with the one rule of an egress.</summary>
    public Task AddEgressAsync(string topic, string uid, string lane, long since, RuleFilter? filter = null) =>
        Administration.CreateSubscriptionAsync(
            new CreateSubscriptionOptions(topic, EntityNames.BusSubscription("egress", uid))
            {
                ForwardTo = lane,
                ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
            },
            new CreateRuleOptions(EntityNames.Rule, filter ?? new TrueRuleFilter())
            {
                Action = new SqlRuleAction(
                    $"SET {MessageProperties.Egress} = '{uid}'; SET {MessageProperties.Since} = {since}"),
            });

    /// <summary>The bus subscription of a dedicated egress, and its retries queue, which forwards to nothing.</summary>
    public async Task AddOwnAsync(DedicatedDispatch own, string lane)
    {
        await Administration.CreateSubscriptionAsync(new CreateSubscriptionOptions(own.Topic, own.Subscription)
        {
            RequiresSession = own.Ordered,
            LockDuration = TimeSpan.FromSeconds(5),
            MaxDeliveryCount = 100,
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
        });
        if (!own.Ordered)
        {
            await Administration.CreateQueueAsync(new CreateQueueOptions(EntityNames.Retries(lane))
            {
                RequiresDuplicateDetection = true,
                MaxDeliveryCount = 100,
                ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
            });
        }
    }

    /// <summary>How many messages a bus subscription has, locked ones included.</summary>
    public async Task<long> CountAsync(DedicatedDispatch own) =>
        (await Administration.GetSubscriptionRuntimePropertiesAsync(own.Topic, own.Subscription)).ActiveMessageCount;

    /// <summary>A bus subscription that passes every event of a topic on, as of a Broker's replies.</summary>
    public Task ForwardAsync(string topic, string target) => Administration.CreateSubscriptionAsync(
        new CreateSubscriptionOptions(topic, "internal-ingress") { ForwardTo = target });

    /// <summary>The dead letters of one egress, left where they are.</summary>
    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> DeadLettersOfAsync(string? egress)
    {
        await using var receiver = Client.CreateReceiver(EntityNames.DeadLetters);
        var all = await receiver.PeekMessagesAsync(250, 0);
        return [.. all.Where(message =>
            Equals(message.ApplicationProperties.GetValueOrDefault(MessageProperties.Egress), egress))];
    }

    /// <summary>Sends a dead letter to a queue, to be delivered as if for the first time.</summary>
    public async Task ReplayAsync(ServiceBusReceivedMessage letter, string queue)
    {
        await using var sender = Client.CreateSender(queue);
        var replayed = new ServiceBusMessage(letter);
        replayed.ApplicationProperties.Remove(MessageProperties.Phase);
        replayed.ApplicationProperties.Remove(MessageProperties.Attempt);
        await sender.SendMessageAsync(replayed);
    }

    /// <summary>Whether nothing is left on a queue, locked messages included.</summary>
    public async Task<bool> IsEmptyAsync(string queue) =>
        (await Administration.GetQueueRuntimePropertiesAsync(queue)).TotalMessageCount == 0;

    /// <summary>
    /// What waits for an egress on the retries queue of a lane. A queue that forwards cannot be looked into, so from
    /// now on it does not.
    /// </summary>
    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> WaitingForAsync(string lane, string egress)
    {
        QueueProperties retries = await Administration.GetQueueAsync(EntityNames.Retries(lane));
        retries.ForwardTo = null;
        await Administration.UpdateQueueAsync(retries);
        await using var receiver = Client.CreateReceiver(EntityNames.Retries(lane));
        var waiting = new List<ServiceBusReceivedMessage>();
        for (var next = 0L; await receiver.PeekMessagesAsync(250, next) is { Count: > 0 } page;)
        {
            waiting.AddRange(page.Where(message =>
                Equals(message.ApplicationProperties.GetValueOrDefault(MessageProperties.Egress), egress)));
            next = page[^1].SequenceNumber + 1;
        }

        return waiting;
    }

    /// <summary>Whether a message is scheduled on the retries queue of a lane.</summary>
    public async Task<bool> IsWaitingAsync(string lane) =>
        (await Administration.GetQueueRuntimePropertiesAsync(EntityNames.Retries(lane))).ScheduledMessageCount > 0;

    /// <summary>The queue beside a lane.</summary>
    public Task AddRetriesAsync(string lane) => Administration.CreateQueueAsync(
        new CreateQueueOptions(EntityNames.Retries(lane))
        {
            ForwardTo = lane,
            RequiresDuplicateDetection = true,
            MaxDeliveryCount = 100,
        });

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await emulator.DisposeAsync();
        folder.Dispose();
    }

    // Locks of a few seconds, so that what a killed instance held is soon given to another.
    private async Task AddLaneAsync(string lane, bool duplicateDetection = false)
    {
        await Administration.CreateQueueAsync(new CreateQueueOptions(lane)
        {
            MaxDeliveryCount = 100,
            RequiresDuplicateDetection = duplicateDetection,
            DuplicateDetectionHistoryTimeWindow = TimeSpan.FromMinutes(10),
            LockDuration = TimeSpan.FromSeconds(duplicateDetection ? 5 : 60),
            ForwardDeadLetteredMessagesTo = EntityNames.DeadLetters,
        });
        await AddRetriesAsync(lane);
    }
}
