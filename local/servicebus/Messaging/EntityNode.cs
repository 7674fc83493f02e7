// Live entities: settings, mailboxes and rules, as the broker routes through them.
using ServerlessEventing.Local.ServiceBus.Entities;
using ServerlessEventing.Local.ServiceBus.Rules;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>An entity with its mailboxes. A topic's own mailbox holds only messages scheduled for later.</summary>
internal abstract class EntityNode
{
    private long _touches;

    protected EntityNode(long id, string path, MailboxSettings settings)
    {
        Id = id;
        Path = path;
        Messages = new Mailbox(this, 2 * id, path, isDeadLetters: false) { Settings = settings };
        DeadLetters = new Mailbox(this, (2 * id) + 1, path + "/$DeadLetterQueue", isDeadLetters: true)
        {
            Settings = settings.ForDeadLetters(),
        };
        Duplicates = new DuplicateWindow(id);
    }

    /// <summary>The entity that a mailbox is, or was, of.</summary>
    public static long IdOf(long mailbox) => mailbox / 2;

    public long Id { get; }

    public string Path { get; }

    /// <summary>How often it was used so far.</summary>
    public long Touches => Interlocked.Read(ref _touches);

    public Mailbox Messages { get; }

    public Mailbox DeadLetters { get; }

    public DuplicateWindow Duplicates { get; }

    public abstract EntityDescription Description { get; }

    public virtual string? ForwardTo => null;

    public virtual string? ForwardDeadLettersTo => null;

    public virtual long MaxMegabytes => long.MaxValue;

    public virtual long Bytes => Messages.Bytes + DeadLetters.Bytes;

    public bool CanSend => Description.Status is EntityStatus.Active or EntityStatus.ReceiveDisabled;

    public bool CanReceive => Description.Status is EntityStatus.Active or EntityStatus.SendDisabled;

    public bool IsFull => MaxMegabytes < long.MaxValue && Bytes >= MaxMegabytes * 1024 * 1024;

    /// <summary>Somebody sends to it, or receives, settles, peeks.</summary>
    public void Touch() => Interlocked.Increment(ref _touches);

    protected void Apply(EntityDescription description)
    {
        var settings = MailboxSettings.For(description);
        Messages.Settings = settings;
        DeadLetters.Settings = settings.ForDeadLetters();
    }
}

/// <summary>A queue.</summary>
internal sealed class QueueNode(long id, QueueDescription description)
    : EntityNode(id, description.Name, MailboxSettings.For(description))
{
    private volatile QueueDescription _queue = description;

    public QueueDescription Queue
    {
        get => _queue;
        set
        {
            _queue = value;
            Apply(value);
        }
    }

    public override EntityDescription Description => _queue;

    public override string? ForwardTo => _queue.ForwardTo;

    public override string? ForwardDeadLettersTo => _queue.ForwardDeadLetteredMessagesTo;

    public override long MaxMegabytes => _queue.MaxSizeInMegabytes;
}

/// <summary>A topic with its bus subscriptions.</summary>
internal sealed class TopicNode(long id, TopicDescription description)
    : EntityNode(id, description.Name, MailboxSettings.For(description))
{
    private volatile TopicDescription _topic = description;
    private readonly Lock _rebuilding = new();
    private volatile SubscriptionNode[] _subscriptions = [];
    private volatile RuleIndex<MatchedRule> _rules = new([]);

    public TopicDescription Topic
    {
        get => _topic;
        set => _topic = value;
    }

    /// <summary>Replaced whole on every change, so that a publish sees one consistent set.</summary>
    public SubscriptionNode[] Subscriptions
    {
        get => _subscriptions;
        set
        {
            _subscriptions = value;
            RebuildRules();
        }
    }

    /// <summary>All rules of all bus subscriptions, found by what they ask for.</summary>
    public RuleIndex<MatchedRule> Rules => _rules;

    /// <summary>Call after the rules of one of its bus subscriptions changed.</summary>
    public void RebuildRules()
    {
        lock (_rebuilding)
        {
            _rules = new RuleIndex<MatchedRule>(
                from subscription in _subscriptions
                from rule in subscription.MatchingRules
                select KeyValuePair.Create(rule.Filter, new MatchedRule(subscription, rule)));
        }
    }

    public override EntityDescription Description => _topic;

    public override long MaxMegabytes => _topic.MaxSizeInMegabytes;

    public override long Bytes => base.Bytes + Subscriptions.Sum(subscription => subscription.Bytes);
}

/// <summary>A bus subscription of a topic.</summary>
internal sealed class SubscriptionNode(long id, TopicNode topic, SubscriptionDescription description)
    : EntityNode(
        id, EntityPath.OfSubscription(topic.Path, description.Name), MailboxSettings.For(description))
{
    private volatile SubscriptionDescription _subscription = description;
    private readonly List<CompiledRule> _lingering = [];
    private volatile CompiledRule[] _rules = [];

    public TopicNode Topic { get; } = topic;

    public SubscriptionDescription Subscription
    {
        get => _subscription;
        set
        {
            _subscription = value;
            Apply(value);
        }
    }

    public CompiledRule[] Rules
    {
        get => _rules;
        set => _rules = value;
    }

    /// <summary>The rules, and old versions that still match for a moment.</summary>
    public CompiledRule[] MatchingRules
    {
        get
        {
            lock (_lingering)
            {
                return [.. _rules, .. _lingering];
            }
        }
    }

    public void Linger(CompiledRule rule)
    {
        lock (_lingering)
        {
            _lingering.Add(rule);
        }
    }

    public void LetGo(CompiledRule rule)
    {
        lock (_lingering)
        {
            _lingering.Remove(rule);
        }
    }

    public override EntityDescription Description => _subscription;

    public override string? ForwardTo => _subscription.ForwardTo;

    public override string? ForwardDeadLettersTo => _subscription.ForwardDeadLetteredMessagesTo;
}

/// <summary>A rule that a message met, with the bus subscription it belongs to.</summary>
internal readonly record struct MatchedRule(SubscriptionNode Subscription, CompiledRule Rule);
