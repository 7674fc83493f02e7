// All live entities by path.
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using ServerlessEventing.Local.ServiceBus.Entities;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Look-ups without locks; changes come from one place only, the administration.</summary>
internal sealed class Topology
{
    private readonly ConcurrentDictionary<string, EntityNode> _entities = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<EntityNode> All => _entities.Values;

    public int Count => _entities.Count;

    public EntityNode? Find(string path) => _entities.GetValueOrDefault(path);

    public bool TryFind<TNode>(string path, [NotNullWhen(true)] out TNode? node)
        where TNode : EntityNode
    {
        node = Find(path) as TNode;
        return node is not null;
    }

    public void Add(EntityNode node) => _entities[node.Path] = node;

    public void Remove(EntityNode node) => _entities.TryRemove(node.Path, out _);

    /// <summary>The mailbox that receivers of an address take from; null when there is none.</summary>
    public Mailbox? FindMailbox(EntityPath path) => Find(path.Entity) switch
    {
        null => null,
        TopicNode when !path.OfDeadLetters => null,
        { } node => path.OfDeadLetters ? node.DeadLetters : node.Messages,
    };
}
