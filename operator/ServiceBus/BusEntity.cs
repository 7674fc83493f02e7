// The entities we want on the bus, as values that can be hashed and compared.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>An entity as it should be: <see cref="Path"/> names it, <see cref="Hash"/> is its settings.</summary>
public abstract record BusEntity
{
    /// <summary>Path on the bus, as the management API has it.</summary>
    public abstract string Path { get; }

    /// <summary>The topic or queue whose operations must not overlap with this one's.</summary>
    public abstract string Lock { get; }

    /// <summary>Hash of the settings; the entity is written only when it differs from the one in its mark.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Settings)))[..16];

    /// <summary>Every setting in one text.</summary>
    protected abstract string Settings { get; }
}

/// <summary>A lane, a retries queue, or the dead letters.</summary>
public sealed record BusQueue(string Name) : BusEntity
{
    /// <summary>Cannot be changed once the queue is there.</summary>
    public bool RequiresDuplicateDetection { get; init; }

    /// <summary>How long a MessageId is remembered; null: as the bus has it.</summary>
    public TimeSpan? DuplicateDetectionWindow { get; init; }

    public string? ForwardTo { get; init; }

    public string? ForwardDeadLetteredMessagesTo { get; init; }

    public int MaxDeliveryCount { get; init; } = 100;

    public TimeSpan LockDuration { get; init; } = TimeSpan.FromSeconds(60);

    public override string Path => Name;

    public override string Lock => Name;

    protected override string Settings => string.Create(
        CultureInfo.InvariantCulture,
        $"queue|{RequiresDuplicateDetection}|{ForwardTo}|{ForwardDeadLetteredMessagesTo}|"
        + $"{MaxDeliveryCount}|{LockDuration}")
        + (DuplicateDetectionWindow is { } window ? $"|{window}" : "");
}

/// <summary>The topic of a Channel.</summary>
public sealed record BusTopic(string Name) : BusEntity
{
    /// <summary>Cannot be switched on or off once the topic is there.</summary>
    public bool RequiresDuplicateDetection { get; init; }

    /// <summary>How long a MessageId is remembered; can be changed.</summary>
    public TimeSpan DuplicateDetectionWindow { get; init; } = TimeSpan.FromMinutes(1);

    public override string Path => Name;

    public override string Lock => Name;

    protected override string Settings => RequiresDuplicateDetection
        ? $"topic|{RequiresDuplicateDetection}|{DuplicateDetectionWindow}"
        : $"topic|{RequiresDuplicateDetection}";
}

/// <summary>A bus subscription with its one rule.</summary>
public sealed record BusSubscription(string Topic, string Name) : BusEntity
{
    /// <summary>The lane; null for one that a deployment of its own reads.</summary>
    public string? ForwardTo { get; init; }

    /// <summary>One event at a time per session; cannot be changed once the bus subscription is there.</summary>
    public bool RequiresSession { get; init; }

    public TimeSpan LockDuration { get; init; } = TimeSpan.FromSeconds(60);

    public required string ForwardDeadLetteredMessagesTo { get; init; }

    public int MaxDeliveryCount { get; init; } = 100;

    public BusRule Rule { get; init; } = BusRule.Everything;

    /// <summary>The egress the rule's action stamps on each message; null: the rule has no action.</summary>
    public string? Egress { get; init; }

    /// <summary>
    /// The generation the action stamps beside it. Not a setting: any generation that knows the egress will do, so
    /// a new one alone is no reason to write.
    /// </summary>
    public long Since { get; init; }

    public override string Path => $"{Topic}/Subscriptions/{Name}";

    public override string Lock => Topic;

    /// <summary>The rule's action, or null for none.</summary>
    public string? Action => Egress is null
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"SET {Contract.Names.MessageProperties.Egress} = '{Egress}'; "
            + $"SET {Contract.Names.MessageProperties.Since} = {Since}");

    protected override string Settings => string.Create(
        CultureInfo.InvariantCulture,
        $"subscription|{ForwardTo}|{ForwardDeadLetteredMessagesTo}|{MaxDeliveryCount}|{RequiresSession}|"
        + $"{LockDuration}|{Egress}|{Rule}");
}
