// Creates, changes and deletes entities: checked, written, then live.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Rules;
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>One change at a time. A change is in force when its task ends without an error.</summary>
internal sealed class Administration(
    Topology topology, Journal journal, TimeProvider time, Quirks? quirks, Action<EntityNode> connect, long usedId)
    : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private long _lastId = Math.Max(usedId, LastId(topology));

    public Task<AdministrationError?> CreateAsync(QueueDescription queue, CancellationToken cancellationToken) =>
        OneAtATimeAsync(
            async () =>
            {
                if ((CheckNew(queue.Name, EntityLimits.Check(queue))
                    ?? CheckTargets(queue.ForwardTo, queue.ForwardDeadLetteredMessagesTo)) is { } error)
                {
                    return error;
                }

                var dated = queue with { CreatedAt = time.GetUtcNow(), UpdatedAt = time.GetUtcNow() };
                return await AddAsync(new QueueNode(++_lastId, dated), EntityKinds.Queue, DescriptionJson.Write(dated));
            },
            cancellationToken);

    public Task<AdministrationError?> CreateAsync(TopicDescription topic, CancellationToken cancellationToken) =>
        OneAtATimeAsync(
            async () =>
            {
                if (CheckNew(topic.Name, EntityLimits.Check(topic)) is { } error)
                {
                    return error;
                }

                var dated = topic with { CreatedAt = time.GetUtcNow(), UpdatedAt = time.GetUtcNow() };
                return await AddAsync(new TopicNode(++_lastId, dated), EntityKinds.Topic, DescriptionJson.Write(dated));
            },
            cancellationToken);

    /// <summary>
    /// Creates the bus subscription with its first rule, in one step: it never lets anything else through.
    /// </summary>
    public Task<AdministrationError?> CreateAsync(
        SubscriptionDescription subscription, RuleDescription firstRule, CancellationToken cancellationToken) =>
        OneAtATimeAsync(() => CreateSubscriptionAsync(subscription, firstRule), cancellationToken);

    public Task<AdministrationError?> CreateRuleAsync(
        string topic, string subscription, RuleDescription rule, CancellationToken cancellationToken) =>
        OneAtATimeAsync(() => PutRuleAsync(topic, subscription, rule, replace: false), cancellationToken);

    public Task<AdministrationError?> UpdateRuleAsync(
        string topic, string subscription, RuleDescription rule, CancellationToken cancellationToken) =>
        OneAtATimeAsync(() => PutRuleAsync(topic, subscription, rule, replace: true), cancellationToken);

    public Task<AdministrationError?> UpdateAsync(QueueDescription queue, CancellationToken cancellationToken) =>
        OneAtATimeAsync(
            async () =>
            {
                if (!topology.TryFind<QueueNode>(queue.Name, out var node))
                {
                    return AdministrationError.NotFound(queue.Name);
                }

                var before = node.Queue;
                var changed = queue with
                {
                    Name = before.Name,
                    CreatedAt = before.CreatedAt,
                    UpdatedAt = time.GetUtcNow(),
                };
                var error = EntityLimits.Check(changed)
                    ?? Unchangeable("RequiresSession", before.RequiresSession, changed.RequiresSession)
                    ?? Unchangeable(
                        "RequiresDuplicateDetection",
                        before.RequiresDuplicateDetection,
                        changed.RequiresDuplicateDetection)
                    ?? Unchangeable("EnablePartitioning", before.EnablePartitioning, changed.EnablePartitioning);
                return Invalid(error)
                    ?? CheckTargets(changed.ForwardTo, changed.ForwardDeadLetteredMessagesTo)
                    ?? await SaveAsync(
                        node, EntityKinds.Queue, DescriptionJson.Write(changed), () => node.Queue = changed);
            },
            cancellationToken);

    public Task<AdministrationError?> UpdateAsync(TopicDescription topic, CancellationToken cancellationToken) =>
        OneAtATimeAsync(
            async () =>
            {
                if (!topology.TryFind<TopicNode>(topic.Name, out var node))
                {
                    return AdministrationError.NotFound(topic.Name);
                }

                var before = node.Topic;
                var changed = topic with
                {
                    Name = before.Name,
                    CreatedAt = before.CreatedAt,
                    UpdatedAt = time.GetUtcNow(),
                };
                var error = EntityLimits.Check(changed)
                    ?? Unchangeable(
                        "RequiresDuplicateDetection",
                        before.RequiresDuplicateDetection,
                        changed.RequiresDuplicateDetection)
                    ?? Unchangeable("EnablePartitioning", before.EnablePartitioning, changed.EnablePartitioning);
                return Invalid(error)
                    ?? await SaveAsync(
                        node, EntityKinds.Topic, DescriptionJson.Write(changed), () => node.Topic = changed);
            },
            cancellationToken);

    public Task<AdministrationError?> UpdateAsync(
        SubscriptionDescription subscription, CancellationToken cancellationToken) =>
        OneAtATimeAsync(
            async () =>
            {
                var path = EntityPath.OfSubscription(subscription.Topic, subscription.Name);
                if (!topology.TryFind<SubscriptionNode>(path, out var node))
                {
                    return AdministrationError.NotFound(path);
                }

                var before = node.Subscription;
                var changed = subscription with
                {
                    Name = before.Name,
                    Topic = before.Topic,
                    CreatedAt = before.CreatedAt,
                    UpdatedAt = time.GetUtcNow(),
                };
                var error = EntityLimits.Check(changed)
                    ?? Unchangeable("RequiresSession", before.RequiresSession, changed.RequiresSession);
                return Invalid(error)
                    ?? CheckTargets(changed.ForwardTo, changed.ForwardDeadLetteredMessagesTo)
                    ?? await SaveAsync(
                        node, EntityKinds.Subscription, DescriptionJson.Write(changed),
                        () => node.Subscription = changed);
            },
            cancellationToken);

    /// <summary>
    /// Deletes a queue, topic (with its bus subscriptions) or bus subscription, and all messages in it.
    /// </summary>
    public Task<AdministrationError?> DeleteAsync(string path, CancellationToken cancellationToken) =>
        OneAtATimeAsync(() => DeleteEntityAsync(path), cancellationToken);

    public Task<AdministrationError?> DeleteRuleAsync(
        string topic, string subscription, string rule, CancellationToken cancellationToken) =>
        OneAtATimeAsync(
            async () =>
            {
                var path = EntityPath.OfSubscription(topic, subscription);
                if (!topology.TryFind<SubscriptionNode>(path, out var node) || FindRule(node, rule) is not { } found)
                {
                    return AdministrationError.NotFound(EntityKinds.RulePath(path, rule));
                }

                var rulePath = EntityKinds.RulePath(node.Path, found.Description.Name);
                return await journal.RunAsync(store => store.DeleteEntity(rulePath, found.Id))
                    ? Done(() => SetRules(node, [.. node.Rules.Where(other => other != found)]))
                    : AdministrationError.Unavailable;
            },
            cancellationToken);

    public void Dispose() => _one.Dispose();

    public static CompiledRule? FindRule(SubscriptionNode node, string name) => Array.Find(
        node.Rules, rule => rule.Description.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private async Task<AdministrationError?> CreateSubscriptionAsync(
        SubscriptionDescription subscription, RuleDescription firstRule)
    {
        var path = EntityPath.OfSubscription(subscription.Topic, subscription.Name);
        if (!topology.TryFind<TopicNode>(subscription.Topic, out var topic))
        {
            return AdministrationError.NotFound(subscription.Topic);
        }

        CompiledRule? rule = null;
        if ((CheckNew(path, EntityLimits.Check(subscription))
            ?? Invalid(EntityLimits.Check(firstRule))
            ?? CheckTargets(subscription.ForwardTo, subscription.ForwardDeadLetteredMessagesTo)
            ?? TryCompile(_lastId + 2, Dated(firstRule), out rule)) is { } error)
        {
            return error;
        }

        if (topic.Subscriptions.Length >= EntityLimits.MaxSubscriptionsPerTopic)
        {
            return AdministrationError.Limit(
                $"'{topic.Path}' has {EntityLimits.MaxSubscriptionsPerTopic} subscriptions, the most there can be.");
        }

        var now = time.GetUtcNow();
        var dated = subscription with { Topic = topic.Path, CreatedAt = now, UpdatedAt = now };
        var node = new SubscriptionNode(++_lastId, topic, dated) { Rules = [rule!] };
        _lastId++;
        var entity = new EntityRow(node.Path, node.Id, EntityKinds.Subscription, DescriptionJson.Write(dated));
        if (!await journal.RunAsync(store =>
            {
                store.SaveEntity(entity);
                store.SaveEntity(RowOf(node, rule!));
            }))
        {
            return AdministrationError.Unavailable;
        }

        connect(node);
        topology.Add(node);
        topic.Subscriptions = [.. topic.Subscriptions, node];
        return null;
    }

    private async Task<AdministrationError?> PutRuleAsync(
        string topic, string subscription, RuleDescription rule, bool replace)
    {
        var path = EntityPath.OfSubscription(topic, subscription);
        if (!topology.TryFind<SubscriptionNode>(path, out var node))
        {
            return AdministrationError.NotFound(path);
        }

        var existing = FindRule(node, rule.Name);
        var rulePath = EntityKinds.RulePath(node.Path, rule.Name);
        if (existing is null == replace)
        {
            return replace ? AdministrationError.NotFound(rulePath) : AdministrationError.Exists(rulePath);
        }

        if (existing is null && node.Rules.Length >= EntityLimits.MaxRulesPerSubscription)
        {
            return AdministrationError.Limit($"'{path}' has {EntityLimits.MaxRulesPerSubscription} rules already.");
        }

        var dated = existing is null
            ? Dated(rule)
            : rule with { Name = existing.Description.Name, CreatedAt = existing.Description.CreatedAt };
        CompiledRule? compiled = null;
        if ((Invalid(EntityLimits.Check(rule)) ?? TryCompile(existing?.Id ?? ++_lastId, dated, out compiled))
            is { } error)
        {
            return error;
        }

        return await journal.RunAsync(store => store.SaveEntity(RowOf(node, compiled!)))
            ? Done(() => Replace(node, existing, compiled!))
            : AdministrationError.Unavailable;
    }

    private async Task<AdministrationError?> DeleteEntityAsync(string path)
    {
        if (topology.Find(path) is not { } node)
        {
            return AdministrationError.NotFound(path);
        }

        EntityNode[] going = node is TopicNode topic ? [.. topic.Subscriptions, node] : [node];
        if (!await journal.RunAsync(store => Array.ForEach(going, entity => Erase(store, entity))))
        {
            Array.ForEach(going, entity => MarkDeleted(entity, deleted: false));
            return AdministrationError.Unavailable;
        }

        if (node is SubscriptionNode subscription)
        {
            subscription.Topic.Subscriptions = [.. subscription.Topic.Subscriptions.Where(other => other != node)];
        }

        foreach (var entity in going)
        {
            topology.Remove(entity);
            Leftovers.Delete(journal, entity.Messages.Id);
            Leftovers.Delete(journal, entity.DeadLetters.Id);
            foreach (var receiver in entity.Messages.DetachAll().Concat(entity.DeadLetters.DetachAll()))
            {
                receiver.Closed(BrokerError.NotFound(entity.Path));
            }
        }

        return null;
    }

    private static void Erase(SqliteStore store, EntityNode entity)
    {
        MarkDeleted(entity, deleted: true);
        store.DeleteMailbox(entity.Messages.Id);
        store.DeleteMailbox(entity.DeadLetters.Id);
        foreach (var rule in (entity as SubscriptionNode)?.Rules ?? [])
        {
            store.DeleteEntity(EntityKinds.RulePath(entity.Path, rule.Description.Name), rule.Id);
        }

        store.DeleteEntity(entity.Path, entity.Id);
    }

    private static void MarkDeleted(EntityNode entity, bool deleted)
    {
        entity.Messages.Deleted = deleted;
        entity.DeadLetters.Deleted = deleted;
    }

    private async Task<AdministrationError?> AddAsync(EntityNode node, string kind, string definition)
    {
        if (!await journal.RunAsync(store => store.SaveEntity(new EntityRow(node.Path, node.Id, kind, definition))))
        {
            return AdministrationError.Unavailable;
        }

        connect(node);
        topology.Add(node);
        return null;
    }

    private async Task<AdministrationError?> SaveAsync(EntityNode node, string kind, string definition, Action apply) =>
        await journal.RunAsync(store => store.SaveEntity(new EntityRow(node.Path, node.Id, kind, definition)))
            ? Done(apply)
            : AdministrationError.Unavailable;

    private async Task<AdministrationError?> OneAtATimeAsync(
        Func<Task<AdministrationError?>> change, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            return await change();
        }
        finally
        {
            _one.Release();
        }
    }

    private AdministrationError? CheckNew(string path, string? fault)
    {
        if (fault is not null)
        {
            return AdministrationError.Invalid(fault);
        }

        if (topology.Find(path) is not null)
        {
            return AdministrationError.Exists(path);
        }

        return topology.Count >= EntityLimits.MaxEntities
            ? AdministrationError.Limit($"There are {EntityLimits.MaxEntities} entities, the most there can be.")
            : null;
    }

    private AdministrationError? CheckTargets(params ReadOnlySpan<string?> targets)
    {
        foreach (var target in targets)
        {
            if (target is not null && topology.Find(target) is not (QueueNode or TopicNode))
            {
                return AdministrationError.Invalid(
                    $"The forwarding destination '{target}' does not exist: create it before what forwards to it.");
            }
        }

        return null;
    }

    private RuleDescription Dated(RuleDescription rule) => rule with { CreatedAt = time.GetUtcNow() };

    private static AdministrationError? TryCompile(long id, RuleDescription rule, out CompiledRule? compiled)
    {
        try
        {
            compiled = CompiledRule.Compile(id, rule);
            return null;
        }
        catch (Exception problem) when (problem is RuleSyntaxException or FormatException or ArgumentException)
        {
            compiled = null;
            return AdministrationError.Invalid($"Rule '{rule.Name}': {problem.Message}");
        }
    }

    private static EntityRow RowOf(SubscriptionNode node, CompiledRule rule) => new(
        EntityKinds.RulePath(node.Path, rule.Description.Name), rule.Id, EntityKinds.Rule,
        DescriptionJson.Write(rule.Description));

    private void Replace(SubscriptionNode node, CompiledRule? existing, CompiledRule rule)
    {
        if (existing is not null && quirks?.RuleOverlap > TimeSpan.Zero)
        {
            quirks.Count(Quirk.RuleOverlap);
            _ = LingerAsync(node, existing, quirks.RuleOverlap);
        }

        SetRules(node, [.. node.Rules.Where(other => other != existing), rule]);
    }

    /// <summary>Keeps the old version of a rule matching for a while, as Azure may.</summary>
    private async Task LingerAsync(SubscriptionNode node, CompiledRule rule, TimeSpan overlap)
    {
        node.Linger(rule);
        await Task.Delay(overlap, time, CancellationToken.None);
        node.LetGo(rule);
        node.Topic.RebuildRules();
    }

    private static void SetRules(SubscriptionNode node, CompiledRule[] rules)
    {
        node.Rules = rules;
        node.Topic.RebuildRules();
    }

    private static AdministrationError? Done(Action apply)
    {
        apply();
        return null;
    }

    private static AdministrationError? Invalid(string? fault) =>
        fault is null ? null : AdministrationError.Invalid(fault);

    private static string? Unchangeable(string name, bool before, bool after) => before == after
        ? null
        : $"{name} cannot be changed after creation (it is {before}).";

    private static long LastId(Topology topology) => topology.All
        .Select(node => node.Id)
        .Concat(topology.All.OfType<SubscriptionNode>().SelectMany(node => node.Rules).Select(rule => rule.Id))
        .DefaultIfEmpty()
        .Max();
}
