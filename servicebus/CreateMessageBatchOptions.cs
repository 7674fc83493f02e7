// Settings of a batch.
namespace ServerlessEventing.ServiceBus;

/// <summary>Options of <see cref="ServiceBusSender.CreateMessageBatchAsync(CancellationToken)"/>.</summary>
public sealed class CreateMessageBatchOptions
{
    /// <summary>A smaller limit than the link's; null takes the link's.</summary>
    public long? MaxSizeInBytes { get; set; }
}
