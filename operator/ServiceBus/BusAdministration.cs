// Speaks to the bus's management endpoint, and turns its failures into outcomes.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>An entity as found: its UserMetadata, and the setting that cannot be changed.</summary>
public sealed record FoundEntity(string? Metadata, bool? Fixed);

/// <summary>
/// The only place that knows the administration client. Everything here throws what the client throws;
/// <see cref="CallAsync"/> is where that becomes a <see cref="BusOutcome"/>.
/// </summary>
public sealed class BusAdministration(ServiceBusAdministrationClient client, BusCircuit circuit)
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);

    /// <summary>Runs calls under the circuit and a time limit; their failures come back as outcomes.</summary>
    public async Task<BusOutcome> CallAsync(
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
                    return new FoundEntity(asQueue.UserMetadata, asQueue.RequiresDuplicateDetection);
                case BusTopic topic:
                    TopicProperties asTopic = await client.GetTopicAsync(topic.Name, cancellationToken);
                    return new FoundEntity(asTopic.UserMetadata, asTopic.RequiresDuplicateDetection);
                case BusSubscription subscription:
                    SubscriptionProperties found = await client.GetSubscriptionAsync(
                        subscription.Topic, subscription.Name, cancellationToken);
                    return new FoundEntity(found.UserMetadata, null);
                default:
                    throw new InvalidOperationException($"No such entity: {entity.Path}");
            }
        }
        catch (ServiceBusException error) when (error.Reason == ServiceBusFailureReason.MessagingEntityNotFound)
        {
            return null;
        }
    }

    /// <summary>Whether an entity there with this duplicate detection can be made into the wanted one.</summary>
    public bool CanBecome(BusEntity entity, bool requiresDuplicateDetection, out string why)
    {
        var wanted = entity switch
        {
            BusQueue queue => queue.RequiresDuplicateDetection,
            BusTopic topic => topic.RequiresDuplicateDetection,
            _ => requiresDuplicateDetection,
        };
        why = $"duplicate detection is {(requiresDuplicateDetection ? "on" : "off")} and cannot be changed on an "
            + "existing entity; delete it while nothing is in it, and it will be made anew";
        return wanted == requiresDuplicateDetection;
    }

    public async Task CreateAsync(BusEntity entity, string metadata, CancellationToken cancellationToken)
    {
        switch (entity)
        {
            case BusQueue queue:
                await client.CreateQueueAsync(
                    new CreateQueueOptions(queue.Name)
                    {
                        RequiresDuplicateDetection = queue.RequiresDuplicateDetection,
                        ForwardTo = queue.ForwardTo,
                        ForwardDeadLetteredMessagesTo = queue.ForwardDeadLetteredMessagesTo,
                        DeadLetteringOnMessageExpiration = true,
                        MaxDeliveryCount = queue.MaxDeliveryCount,
                        LockDuration = queue.LockDuration,
                        UserMetadata = metadata,
                    },
                    cancellationToken);
                break;
            case BusTopic topic:
                await client.CreateTopicAsync(
                    new CreateTopicOptions(topic.Name)
                    {
                        RequiresDuplicateDetection = topic.RequiresDuplicateDetection,
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
                        ForwardDeadLetteredMessagesTo = subscription.ForwardDeadLetteredMessagesTo,
                        DeadLetteringOnMessageExpiration = true,
                        EnableDeadLetteringOnFilterEvaluationExceptions = true,
                        MaxDeliveryCount = subscription.MaxDeliveryCount,
                        UserMetadata = metadata,
                    },
                    RuleOptions(subscription, EntityNames.Rule),
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
                asQueue.UserMetadata = metadata;
                await client.UpdateQueueAsync(asQueue, cancellationToken);
                break;
            case BusTopic topic:
                TopicProperties asTopic = await client.GetTopicAsync(topic.Name, cancellationToken);
                asTopic.UserMetadata = metadata;
                await client.UpdateTopicAsync(asTopic, cancellationToken);
                break;
            case BusSubscription subscription:
                SubscriptionProperties found = await client.GetSubscriptionAsync(
                    subscription.Topic, subscription.Name, cancellationToken);
                found.ForwardTo = subscription.ForwardTo;
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

    /// <summary>
    /// Leaves exactly one rule, the wanted one; true when something had to be written. The rule is changed in place;
    /// others go only after it is right, for two rules deliver twice and none loses events.
    /// </summary>
    public async Task<bool> PutRuleRightAsync(BusSubscription subscription, CancellationToken cancellationToken)
    {
        RuleProperties? present = null;
        var others = new List<string>();
        await foreach (var rule in client.GetRulesAsync(subscription.Topic, subscription.Name, cancellationToken))
        {
            if (rule.Name == EntityNames.Rule)
            {
                present = rule;
            }
            else
            {
                others.Add(rule.Name);
            }
        }

        var wrote = others.Count > 0;
        if (present is null)
        {
            await client.CreateRuleAsync(
                subscription.Topic,
                subscription.Name,
                RuleOptions(subscription, EntityNames.Rule),
                cancellationToken);
            wrote = true;
        }
        else if (!IsRight(present, subscription))
        {
            present.Filter = Filter(subscription.Rule);
            present.Action = subscription.Action is { } action ? new SqlRuleAction(action) : null;
            await client.UpdateRuleAsync(subscription.Topic, subscription.Name, present, cancellationToken);
            wrote = true;
        }

        foreach (var other in others)
        {
            await client.DeleteRuleAsync(subscription.Topic, subscription.Name, other, cancellationToken);
        }

        return wrote;
    }

    // Our own comparison: the client's `==` on filters ignores case, like the SDK's.
    private static bool IsRight(RuleProperties rule, BusSubscription wanted)
    {
        var action = (rule.Action as SqlRuleAction)?.SqlExpression;
        var actionIsRight = wanted.Egress is null
            ? string.IsNullOrEmpty(action)
            : action?.Contains($"'{wanted.Egress}'", StringComparison.Ordinal) == true;
        return actionIsRight && Read(rule.Filter)?.ToString() == wanted.Rule.ToString();
    }

    private static BusRule? Read(RuleFilter filter) => filter switch
    {
        TrueRuleFilter => BusRule.Everything,
        FalseRuleFilter => null,
        CorrelationRuleFilter correlation => new BusRule
        {
            Equal = correlation.ApplicationProperties
                .Select(pair => KeyValuePair.Create(pair.Key, pair.Value as string ?? ""))
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .ToList(),
            ContentType = string.IsNullOrEmpty(correlation.ContentType) ? null : correlation.ContentType,
        },
        SqlRuleFilter { SqlExpression: "1=1" } => BusRule.Everything,
        SqlRuleFilter sql => new BusRule { Sql = sql.SqlExpression },
        _ => null,
    };

    private static CreateRuleOptions RuleOptions(BusSubscription subscription, string name) =>
        new(name, Filter(subscription.Rule))
        {
            Action = subscription.Action is { } action ? new SqlRuleAction(action) : null,
        };

    private static RuleFilter Filter(BusRule rule)
    {
        if (rule.Sql is { } sql)
        {
            return new SqlRuleFilter(sql);
        }

        if (rule.Equal is null)
        {
            return new TrueRuleFilter();
        }

        var filter = new CorrelationRuleFilter { ContentType = rule.ContentType };
        foreach (var (name, value) in rule.Equal)
        {
            filter.ApplicationProperties[name] = value;
        }

        return filter;
    }
}
