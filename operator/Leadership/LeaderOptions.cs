// How replicas of the operator agree on who works.
namespace ServerlessEventing.Operator.Leadership;

/// <summary>Who this replica is, and how long its word holds.</summary>
public sealed record LeaderOptions
{
    /// <summary>Name of the replica in the Lease: the pod's.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}_{Guid.NewGuid().ToString("N")[..8]}";

    /// <summary>
    /// After this long without a renewal another replica takes over; the holder itself stops at two thirds of it.
    /// </summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Where other replicas reach this one's routing table; null: where it listens.</summary>
    public Uri? Address { get; init; }
}
