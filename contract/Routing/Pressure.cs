// Which lanes are too full to take more.
namespace ServerlessEventing.Contract.Routing;

/// <summary>Lanes over their limit, as the operator last measured them.</summary>
public sealed record Pressure
{
    private const int DefaultSeconds = 5;

    /// <summary>Names of lanes that take no more; an ingress that feeds one answers 429.</summary>
    public IReadOnlyList<string> Lanes { get; init => field = value ?? []; } = [];

    /// <summary>Seconds a producer is told to wait (Retry-After); 5 where none is given.</summary>
    public int RetryAfterSeconds { get; init => field = value > 0 ? value : DefaultSeconds; } = DefaultSeconds;
}
