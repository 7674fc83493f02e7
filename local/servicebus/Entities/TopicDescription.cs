// A topic's settings, with Azure's defaults.
namespace ServerlessEventing.Local.ServiceBus.Entities;

/// <summary>What the management API knows about a topic. <see cref="TimeSpan.MaxValue"/> is "never".</summary>
public sealed record TopicDescription : EntityDescription
{
    public bool RequiresDuplicateDetection { get; init; }

    public TimeSpan DuplicateDetectionWindow { get; init; } = TimeSpan.FromMinutes(10);

    public long MaxSizeInMegabytes { get; init; } = 1024;

    public long MaxMessageSizeInKilobytes { get; init; } = EntityLimits.DefaultMessageKilobytes;

    public bool SupportOrdering { get; init; } = true;

    public bool EnablePartitioning { get; init; }

    public bool EnableExpress { get; init; }
}
