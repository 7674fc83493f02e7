// Brings entities and messages back from the store.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Store;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Locks are not stored: what was locked when the process ended is active again.</summary>
internal static class Recovery
{
    /// <summary>Returns the mailboxes that are gone, but not all of their messages.</summary>
    public static IReadOnlyCollection<long> Load(SqliteStore store, Topology topology, Action<EntityNode> connect)
    {
        var rules = new List<EntityRow>();
        foreach (var row in store.ReadEntities().ToList())
        {
            if (row.Kind == EntityKinds.Rule)
            {
                rules.Add(row);
            }
            else
            {
                LoadEntity(row, topology, connect);
            }
        }

        LoadRules(rules, topology);
        return LoadMessages(store, topology);
    }

    private static void LoadEntity(EntityRow row, Topology topology, Action<EntityNode> connect)
    {
        EntityNode node = row.Kind switch
        {
            EntityKinds.Queue => new QueueNode(row.Id, DescriptionJson.Read<QueueDescription>(row.Definition)),
            EntityKinds.Topic => new TopicNode(row.Id, DescriptionJson.Read<TopicDescription>(row.Definition)),
            _ => LoadSubscription(row, topology),
        };
        topology.Add(node);
        connect(node);
    }

    private static SubscriptionNode LoadSubscription(EntityRow row, Topology topology)
    {
        var description = DescriptionJson.Read<SubscriptionDescription>(row.Definition);
        var topic = topology.TryFind<TopicNode>(description.Topic, out var found)
            ? found
            : throw new StoreUnusableException($"The store has '{row.Path}' but not its topic '{description.Topic}'.");
        var node = new SubscriptionNode(row.Id, topic, description);
        topic.Subscriptions = [.. topic.Subscriptions, node];
        return node;
    }

    private static void LoadRules(List<EntityRow> rows, Topology topology)
    {
        foreach (var group in rows.GroupBy(row => EntityKinds.SubscriptionOfRule(row.Path)))
        {
            if (topology.TryFind<SubscriptionNode>(group.Key, out var subscription))
            {
                subscription.Rules = group
                    .Select(row => CompiledRule.Compile(row.Id, DescriptionJson.Read<RuleDescription>(row.Definition)))
                    .ToArray();
            }
        }

        foreach (var topic in topology.All.OfType<TopicNode>())
        {
            topic.RebuildRules();
        }
    }

    private static HashSet<long> LoadMessages(SqliteStore store, Topology topology)
    {
        var mailboxes = topology.All
            .SelectMany(node => (Mailbox[])[node.Messages, node.DeadLetters])
            .ToDictionary(mailbox => mailbox.Id);
        foreach (var (id, last) in store.ReadSequences())
        {
            if (mailboxes.TryGetValue(id, out var mailbox))
            {
                mailbox.LastSequence = last;
            }
        }

        var leftovers = new HashSet<long>();
        var overlays = new OverlayInterner();
        foreach (var row in store.ReadMessages())
        {
            if (mailboxes.TryGetValue(row.Mailbox, out var mailbox))
            {
                mailbox.Load(new MessageEntry(row, overlays.Intern(row.Overlay)));
            }
            else
            {
                leftovers.Add(row.Mailbox);
            }
        }

        var windows = topology.All.ToDictionary(node => node.Id, node => node.Duplicates);
        foreach (var (entity, messageId, until) in store.ReadDuplicates())
        {
            if (windows.TryGetValue(entity, out var window))
            {
                window.Load(messageId, until);
            }
        }

        return leftovers;
    }

    /// <summary>Most copies of a lane bear one of a few overlays (a rule's action); keep each once.</summary>
    private sealed class OverlayInterner
    {
        private const int Limit = 4096;
        private readonly Dictionary<string, byte[]> _known = [];

        public byte[]? Intern(byte[]? overlay)
        {
            if (overlay is null)
            {
                return null;
            }

            var key = Convert.ToBase64String(overlay);
            if (_known.TryGetValue(key, out var known))
            {
                return known;
            }

            if (_known.Count < Limit)
            {
                _known.Add(key, overlay);
            }

            return overlay;
        }
    }
}
