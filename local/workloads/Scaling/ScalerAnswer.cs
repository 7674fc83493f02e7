// What a scaler says when it is asked how much there is to do.
namespace ServerlessEventing.Local.Workloads.Scaling;

/// <summary>Asks the source that one trigger of a ScaledObject means; <paramref name="metadata"/> is its own.</summary>
public delegate Task<ScalerAnswer> ScalerQuestion(
    IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken);

/// <summary>A count, or why there is none.</summary>
public sealed record ScalerAnswer
{
    /// <summary>How much waits: messages, for a queue.</summary>
    public double Value { get; init; }

    /// <summary>How much of it one replica is meant to have; above 0.</summary>
    public double Target { get; init; } = 1;

    /// <summary>Up to here nothing is started for it.</summary>
    public double Activation { get; init; }

    /// <summary>Why the count could not be had; null when it could.</summary>
    public string? Problem { get; init; }

    public bool IsActive => Problem is null && Value > Activation;
}
