// The part of an entity's settings that its mailboxes act on.
using ServerlessEventing.Local.ServiceBus.Entities;

namespace ServerlessEventing.Local.ServiceBus.Messaging;

/// <summary>Settings of one mailbox.</summary>
internal sealed record MailboxSettings
{
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>0: never dead-lettered for being delivered too often (dead letters themselves).</summary>
    public int MaxDeliveryCount { get; init; }

    public bool RequiresSession { get; init; }

    public static MailboxSettings For(EntityDescription description) => description switch
    {
        QueueDescription queue => new MailboxSettings
        {
            LockDuration = queue.LockDuration,
            MaxDeliveryCount = queue.MaxDeliveryCount,
            RequiresSession = queue.RequiresSession,
        },
        SubscriptionDescription subscription => new MailboxSettings
        {
            LockDuration = subscription.LockDuration,
            MaxDeliveryCount = subscription.MaxDeliveryCount,
            RequiresSession = subscription.RequiresSession,
        },
        _ => new MailboxSettings(),
    };

    /// <summary>Delivered as often as it may be, and to be received all the same.</summary>
    public bool IsSpent(MessageEntry entry) =>
        entry.State == EntryState.Active && MaxDeliveryCount > 0 && entry.DeliveryCount >= MaxDeliveryCount;

    public MailboxSettings ForDeadLetters() => this with { MaxDeliveryCount = 0, RequiresSession = false };
}
