// Looks entities up for the management API.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Local.ServiceBus.Management;

/// <summary>Single entities and lists, as XML.</summary>
internal sealed class EntityReader(Topology topology)
{
    public AtomContent? Read(ManagementTarget target) => target.Kind switch
    {
        TargetKind.Entity => topology.Find(target.Path) is { } node and (QueueNode or TopicNode)
            ? Describe(node)
            : null,
        TargetKind.Subscription => FindSubscription(target) is { } node ? Describe(node) : null,
        TargetKind.Rule => FindSubscription(target) is { } node
            && Administration.FindRule(node, target.Rule!) is { } rule
                ? Describe(node, rule)
                : null,
        _ => null,
    };

    /// <summary>Null when what the list would be part of does not exist.</summary>
    public IReadOnlyList<AtomContent>? List(ManagementTarget target)
    {
        switch (target.Kind)
        {
            case TargetKind.Queues:
                return Sorted(topology.All.OfType<QueueNode>());
            case TargetKind.Topics:
                return Sorted(topology.All.OfType<TopicNode>());
            case TargetKind.Subscription:
                return topology.TryFind<TopicNode>(target.Topic!, out var topic) ? Sorted(topic.Subscriptions) : null;
            default:
                return FindSubscription(target) is { } subscription
                    ? Array.ConvertAll(subscription.Rules, rule => Describe(subscription, rule))
                    : null;
        }
    }

    private SubscriptionNode? FindSubscription(ManagementTarget target) =>
        topology.Find(EntityPath.OfSubscription(target.Topic!, target.Subscription!)) as SubscriptionNode;

    private static List<AtomContent> Sorted(IEnumerable<EntityNode> nodes) =>
        nodes.OrderBy(node => node.Path, StringComparer.OrdinalIgnoreCase).Select(Describe).ToList();

    private static AtomContent Describe(EntityNode node) => new(
        node.Description.Name, node.Path, node.Description.UpdatedAt, node switch
        {
            QueueNode queue => EntityXml.Queue(queue),
            TopicNode topic => EntityXml.Topic(topic),
            SubscriptionNode subscription => EntityXml.Subscription(subscription),
            _ => throw new InvalidOperationException($"{node.GetType().Name} is no entity."),
        });

    private static AtomContent Describe(SubscriptionNode node, CompiledRule rule) => new(
        rule.Description.Name, EntityKinds.RulePath(node.Path, rule.Description.Name), rule.Description.CreatedAt,
        EntityXml.Rule(rule.Description));
}
