// Speaks to the bus's management endpoint, and turns its failures into outcomes.
using System.Runtime.CompilerServices;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Operator.Telemetry;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>
/// An entity as found: its UserMetadata, the setting that cannot be changed, and whether the others are as wanted.
/// </summary>
public sealed record FoundEntity(string? Metadata, bool Fixed, bool IsAsWanted);

/// <summary>Messages in an entity, those under lock and those for later among them.</summary>
public readonly record struct BusBacklog(long Waiting, long Scheduled)
{
    public bool IsEmpty => Waiting + Scheduled == 0;
}

/// <summary>
/// The only place that knows the administration client. Everything here throws what the client throws;
/// <see cref="CallAsync"/> is where that becomes a <see cref="BusOutcome"/>.
/// </summary>
public sealed class BusAdministration(
    ServiceBusAdministrationClient client, BusCircuit circuit, OperatorMetrics metrics)
{
    /// <summary>The rules of bus subscriptions.</summary>
    public BusRules Rules { get; } = new(client);

    private const int MaxConcurrentCalls = 8;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _turns = new(MaxConcurrentCalls);

    /// <summary>
    /// Runs calls under the one limit on how many are under way, the circuit and a time limit; their failures come back
    /// as outcomes.
    /// </summary>
    public async Task<BusOutcome> CallAsync(
        Func<CancellationToken, Task<BusOutcome>> calls, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        BusOutcome outcome;
        try
        {
            outcome = await GuardedAsync(calls, cancellationToken);
        }
        finally
        {
            _turns.Release();
        }

        metrics.BusCalled(outcome.Result.ToString());
        if (outcome.IsRepair)
        {
            metrics.Repaired();
        }

        return outcome;
    }

    private async Task<BusOutcome> GuardedAsync(
        Func<CancellationToken, Task<BusOutcome>> calls, CancellationToken cancellationToken)
    {
        if (circuit.Check() is { } closed)
        {
            return closed;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CallLimit);
        try
        {
            var outcome = await calls(limit.Token);
            circuit.Succeeded();
            return outcome;
        }
        catch (ServiceBusException error) when (error.Reason == ServiceBusFailureReason.MessagingEntityNotFound)
        {
            circuit.Succeeded();
            return BusOutcome.Waiting($"Something it needs is not on the bus: {error.Message}");
        }
        catch (ServiceBusException error) when (error.Reason == ServiceBusFailureReason.MessagingEntityAlreadyExists)
        {
            circuit.Succeeded();
            return BusOutcome.Waiting($"Another operation on it is under way: {error.Message}");
        }
        catch (ServiceBusException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (ServiceBusException error) when (!error.IsTransient)
        {
            circuit.Succeeded();
            return BusOutcome.Refused($"The bus refused: {error.Message}");
        }
        catch (Exception error) when (error is UnauthorizedAccessException or ArgumentException
            or InvalidOperationException)
        {
            circuit.Succeeded();
            return BusOutcome.Refused($"The bus refused: {error.Message}");
        }
        catch (Exception error) when (error is ServiceBusException or HttpRequestException or TimeoutException
            or IOException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var message = $"The bus does not answer: {error.Message}";
            return BusOutcome.Unreachable(message, circuit.Failed(message));
        }
    }

    /// <summary>How full a queue is; null when that cannot be had now.</summary>
    public async Task<QueueFill?> FillAsync(string queue, CancellationToken cancellationToken)
    {
        QueueFill? fill = null;
        await CallAsync(
            async limited =>
            {
                var runtime = await client.GetQueueRuntimePropertiesAsync(queue, limited);
                QueueProperties properties = await client.GetQueueAsync(queue, limited);
                fill = new(runtime.SizeInBytes, properties.MaxSizeInMegabytes * 1024 * 1024);
                return BusOutcome.Done;
            },
            cancellationToken);
        return fill;
    }

    /// <summary>The entity as it is on the bus, or null.</summary>
    public async Task<FoundEntity?> ReadAsync(BusEntity entity, CancellationToken cancellationToken)
    {
        try
        {
            switch (entity)
            {
                case BusQueue queue:
                    QueueProperties asQueue = await client.GetQueueAsync(queue.Name, cancellationToken);
                    return new FoundEntity(
                        asQueue.UserMetadata,
                        asQueue.RequiresDuplicateDetection,
                        IsTarget(asQueue.ForwardTo, queue.ForwardTo)
                            && IsTarget(asQueue.ForwardDeadLetteredMessagesTo, queue.ForwardDeadLetteredMessagesTo)
                            && asQueue.MaxDeliveryCount == queue.MaxDeliveryCount
                            && asQueue.LockDuration == queue.LockDuration);
                case BusTopic topic:
                    TopicProperties asTopic = await client.GetTopicAsync(topic.Name, cancellationToken);
                    return new FoundEntity(
                        asTopic.UserMetadata,
                        asTopic.RequiresDuplicateDetection,
                        !topic.RequiresDuplicateDetection
                            || asTopic.DuplicateDetectionHistoryTimeWindow == topic.DuplicateDetectionWindow);
                case BusSubscription subscription:
                    SubscriptionProperties found = await client.GetSubscriptionAsync(
                        subscription.Topic, subscription.Name, cancellationToken);
                    return new FoundEntity(
                        found.UserMetadata,
                        found.RequiresSession,
                        IsTarget(found.ForwardTo, subscription.ForwardTo)
                            && IsTarget(
                                found.ForwardDeadLetteredMessagesTo, subscription.ForwardDeadLetteredMessagesTo)
                            && found.MaxDeliveryCount == subscription.MaxDeliveryCount
                            && found.LockDuration == subscription.LockDuration);
                default:
                    throw new InvalidOperationException($"No such entity: {entity.Path}");
            }
        }
        catch (ServiceBusException error) when (error.Reason == ServiceBusFailureReason.MessagingEntityNotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// What keeps an entity that is there from becoming the wanted one: the one setting of each kind that the bus
    /// never changes. Null when nothing does.
    /// </summary>
    public static string? Obstacle(BusEntity entity, bool there) => entity switch
    {
        BusQueue queue when queue.RequiresDuplicateDetection != there => NotChanged("duplicate detection", there),
        BusTopic topic when topic.RequiresDuplicateDetection != there => NotChanged("duplicate detection", there),
        BusSubscription bus when bus.RequiresSession != there => NotChanged("ordered delivery (sessions)", there),
        _ => null,
    };

    /// <summary>What is still in an entity; null when it is not there.</summary>
    public async Task<BusBacklog?> BacklogAsync(BusEntity entity, CancellationToken cancellationToken)
    {
        try
        {
            switch (entity)
            {
                case BusQueue queue:
                    QueueRuntimeProperties asQueue = await client.GetQueueRuntimePropertiesAsync(
                        queue.Name, cancellationToken);
                    return new BusBacklog(
                        asQueue.ActiveMessageCount + asQueue.TransferMessageCount, asQueue.ScheduledMessageCount);
                case BusSubscription subscription:
                    SubscriptionRuntimeProperties found = await client.GetSubscriptionRuntimePropertiesAsync(
                        subscription.Topic, subscription.Name, cancellationToken);
                    return new BusBacklog(found.ActiveMessageCount + found.TransferMessageCount, 0);
                default:
                    TopicRuntimeProperties topic = await client.GetTopicRuntimePropertiesAsync(
                        entity.Path, cancellationToken);
                    var waiting = 0L;
                    await foreach (var each in client.GetSubscriptionsRuntimePropertiesAsync(
                        entity.Path, cancellationToken))
                    {
                        waiting += each.ActiveMessageCount + each.TransferMessageCount;
                    }

                    return new BusBacklog(waiting, topic.ScheduledMessageCount);
            }
        }
        catch (ServiceBusException error) when (error.Reason == ServiceBusFailureReason.MessagingEntityNotFound)
        {
            return null;
        }
    }

    /// <summary>Every queue, topic and bus subscription there is, with its UserMetadata.</summary>
    public async IAsyncEnumerable<(BusEntity Entity, string? Metadata)> ListAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var queue in client.GetQueuesAsync(cancellationToken))
        {
            yield return (new BusQueue(queue.Name), queue.UserMetadata);
        }

        await foreach (var topic in client.GetTopicsAsync(cancellationToken))
        {
            yield return (new BusTopic(topic.Name), topic.UserMetadata);
            if (OwnershipMark.Read(topic.UserMetadata) is null)
            {
                continue;
            }

            await foreach (var subscription in client.GetSubscriptionsAsync(topic.Name, cancellationToken))
            {
                yield return (
                    new BusSubscription(topic.Name, subscription.SubscriptionName)
                    {
                        ForwardDeadLetteredMessagesTo = subscription.ForwardDeadLetteredMessagesTo ?? "",
                    },
                    subscription.UserMetadata);
            }
        }
    }

    public async Task CreateAsync(BusEntity entity, string metadata, CancellationToken cancellationToken)
    {
        switch (entity)
        {
            case BusQueue queue:
                var options = new CreateQueueOptions(queue.Name)
                {
                    RequiresDuplicateDetection = queue.RequiresDuplicateDetection,
                    ForwardTo = queue.ForwardTo,
                    ForwardDeadLetteredMessagesTo = queue.ForwardDeadLetteredMessagesTo,
                    DeadLetteringOnMessageExpiration = true,
                    MaxDeliveryCount = queue.MaxDeliveryCount,
                    LockDuration = queue.LockDuration,
                    UserMetadata = metadata,
                };
                options.DuplicateDetectionHistoryTimeWindow =
                    queue.DuplicateDetectionWindow ?? options.DuplicateDetectionHistoryTimeWindow;
                await client.CreateQueueAsync(options, cancellationToken);
                break;
            case BusTopic topic:
                await client.CreateTopicAsync(
                    new CreateTopicOptions(topic.Name)
                    {
                        RequiresDuplicateDetection = topic.RequiresDuplicateDetection,
                        DuplicateDetectionHistoryTimeWindow = topic.DuplicateDetectionWindow,
                        UserMetadata = metadata,
                    },
                    cancellationToken);
                break;
            case BusSubscription subscription:
                // Made together with its rule: a moment with the bus's own catch-all rule would let everything in.
                await client.CreateSubscriptionAsync(
                    new CreateSubscriptionOptions(subscription.Topic, subscription.Name)
                    {
                        ForwardTo = subscription.ForwardTo,
                        RequiresSession = subscription.RequiresSession,
                        LockDuration = subscription.LockDuration,
                        ForwardDeadLetteredMessagesTo = subscription.ForwardDeadLetteredMessagesTo,
                        DeadLetteringOnMessageExpiration = true,
                        EnableDeadLetteringOnFilterEvaluationExceptions = true,
                        MaxDeliveryCount = subscription.MaxDeliveryCount,
                        UserMetadata = metadata,
                    },
                    BusRules.Options(subscription),
                    cancellationToken);
                break;
        }
    }

    public async Task UpdateAsync(BusEntity entity, string metadata, CancellationToken cancellationToken)
    {
        switch (entity)
        {
            case BusQueue queue:
                QueueProperties asQueue = await client.GetQueueAsync(queue.Name, cancellationToken);
                asQueue.ForwardTo = queue.ForwardTo;
                asQueue.ForwardDeadLetteredMessagesTo = queue.ForwardDeadLetteredMessagesTo;
                asQueue.DeadLetteringOnMessageExpiration = true;
                asQueue.MaxDeliveryCount = queue.MaxDeliveryCount;
                asQueue.LockDuration = queue.LockDuration;
                asQueue.DuplicateDetectionHistoryTimeWindow =
                    queue.DuplicateDetectionWindow ?? asQueue.DuplicateDetectionHistoryTimeWindow;
                asQueue.UserMetadata = metadata;
                await client.UpdateQueueAsync(asQueue, cancellationToken);
                break;
            case BusTopic topic:
                TopicProperties asTopic = await client.GetTopicAsync(topic.Name, cancellationToken);
                asTopic.UserMetadata = metadata;
                if (topic.RequiresDuplicateDetection)
                {
                    asTopic.DuplicateDetectionHistoryTimeWindow = topic.DuplicateDetectionWindow;
                }

                await client.UpdateTopicAsync(asTopic, cancellationToken);
                break;
            case BusSubscription subscription:
                SubscriptionProperties found = await client.GetSubscriptionAsync(
                    subscription.Topic, subscription.Name, cancellationToken);
                found.ForwardTo = subscription.ForwardTo;
                found.LockDuration = subscription.LockDuration;
                found.ForwardDeadLetteredMessagesTo = subscription.ForwardDeadLetteredMessagesTo;
                found.DeadLetteringOnMessageExpiration = true;
                found.EnableDeadLetteringOnFilterEvaluationExceptions = true;
                found.MaxDeliveryCount = subscription.MaxDeliveryCount;
                found.UserMetadata = metadata;
                await client.UpdateSubscriptionAsync(found, cancellationToken);
                break;
        }
    }

    public async Task DeleteAsync(BusEntity entity, CancellationToken cancellationToken)
    {
        try
        {
            await (entity switch
            {
                BusQueue queue => client.DeleteQueueAsync(queue.Name, cancellationToken),
                BusTopic topic => client.DeleteTopicAsync(topic.Name, cancellationToken),
                BusSubscription subscription => client.DeleteSubscriptionAsync(
                    subscription.Topic, subscription.Name, cancellationToken),
                _ => throw new InvalidOperationException($"No such entity: {entity.Path}"),
            });
        }
        catch (ServiceBusException error) when (error.Reason == ServiceBusFailureReason.MessagingEntityNotFound)
        {
            // Gone already, which is what was asked for.
        }
    }

    // The bus gives a target back as an absolute address.
    private static bool IsTarget(string? there, string? wanted) => string.IsNullOrEmpty(wanted)
        ? string.IsNullOrEmpty(there)
        : there is not null && (there.Equals(wanted, StringComparison.OrdinalIgnoreCase)
            || there.EndsWith("/" + wanted, StringComparison.OrdinalIgnoreCase));

    private static string NotChanged(string what, bool there) =>
        $"{what} is {(there ? "on" : "off")} and cannot be changed on an entity that is there: delete the object and "
        + "make it anew";
}
