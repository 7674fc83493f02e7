// A bus subscription's settings, with Azure's defaults.
namespace ServerlessEventing.Local.ServiceBus.Entities;

/// <summary>
/// What the management API knows about a bus subscription. <see cref="TimeSpan.MaxValue"/> is "never".
/// </summary>
public sealed record SubscriptionDescription : EntityDescription
{
    public required string Topic { get; init; }

    public TimeSpan LockDuration { get; init; } = TimeSpan.FromMinutes(1);

    public int MaxDeliveryCount { get; init; } = 10;

    public bool RequiresSession { get; init; }

    public bool DeadLetteringOnMessageExpiration { get; init; }

    public bool DeadLetteringOnFilterEvaluationExceptions { get; init; } = true;

    public string? ForwardTo { get; init; }

    public string? ForwardDeadLetteredMessagesTo { get; init; }
}
