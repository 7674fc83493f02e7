// What a topic is to be like.
using System.Xml.Linq;

namespace ServerlessEventing.ServiceBus.Administration;

/// <summary>Options for creating a topic.</summary>
public sealed class CreateTopicOptions
{
    /// <summary>Options with the service's defaults.</summary>
    public CreateTopicOptions(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
    }

    /// <summary>Options for one like an existing topic.</summary>
    public CreateTopicOptions(TopicProperties topic)
    {
        ArgumentNullException.ThrowIfNull(topic);
        Name = topic.Name;
        DefaultMessageTimeToLive = topic.DefaultMessageTimeToLive;
        MaxSizeInMegabytes = topic.MaxSizeInMegabytes;
        RequiresDuplicateDetection = topic.RequiresDuplicateDetection;
        DuplicateDetectionHistoryTimeWindow = topic.DuplicateDetectionHistoryTimeWindow;
        EnableBatchedOperations = topic.EnableBatchedOperations;
        Status = topic.Status;
        UserMetadata = topic.UserMetadata;
        SupportOrdering = topic.SupportOrdering;
        AutoDeleteOnIdle = topic.AutoDeleteOnIdle;
        EnablePartitioning = topic.EnablePartitioning;
        MaxMessageSizeInKilobytes = topic.MaxMessageSizeInKilobytes;
        AuthorizationRules = topic.AuthorizationRules;
    }

    /// <summary>The name of the topic.</summary>
    public string Name { get; set; }

    /// <summary>How long a message lives at most.</summary>
    public TimeSpan DefaultMessageTimeToLive { get; set; } = TimeSpan.MaxValue;

    /// <summary>How much the topic holds.</summary>
    public long MaxSizeInMegabytes { get; set; } = 1024;

    /// <summary>Whether a message whose id was seen within the window is dropped.</summary>
    public bool RequiresDuplicateDetection { get; set; }

    /// <summary>How long message ids are remembered.</summary>
    public TimeSpan DuplicateDetectionHistoryTimeWindow { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether the service batches its own writes.</summary>
    public bool EnableBatchedOperations { get; set; } = true;

    /// <summary>Whether the topic takes messages.</summary>
    public EntityStatus Status { get; set; } = EntityStatus.Active;

    /// <summary>A note of the owner, at most 1,024 characters.</summary>
    public string UserMetadata { get; set; } = "";

    /// <summary>Whether order is kept.</summary>
    public bool SupportOrdering { get; set; }

    /// <summary>After how long without use it is deleted.</summary>
    public TimeSpan AutoDeleteOnIdle { get; set; } = TimeSpan.MaxValue;

    /// <summary>Whether it is spread over several brokers.</summary>
    public bool EnablePartitioning { get; set; }

    /// <summary>The largest message it takes; premium only.</summary>
    public long? MaxMessageSizeInKilobytes { get; set; }

    internal XElement? AuthorizationRules { get; }

    internal TopicProperties ToProperties() => new(Name)
    {
        DefaultMessageTimeToLive = DefaultMessageTimeToLive,
        MaxSizeInMegabytes = MaxSizeInMegabytes,
        RequiresDuplicateDetection = RequiresDuplicateDetection,
        DuplicateDetectionHistoryTimeWindow = DuplicateDetectionHistoryTimeWindow,
        EnableBatchedOperations = EnableBatchedOperations,
        Status = Status,
        UserMetadata = UserMetadata,
        SupportOrdering = SupportOrdering,
        AutoDeleteOnIdle = AutoDeleteOnIdle,
        EnablePartitioning = EnablePartitioning,
        MaxMessageSizeInKilobytes = MaxMessageSizeInKilobytes,
        AuthorizationRules = AuthorizationRules,
    };
}
