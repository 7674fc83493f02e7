// How delivery is tried: Knative's DeliverySpec with every default filled in.
namespace ServerlessEventing.Contract.Routing;

/// <summary>
/// Knative's DeliverySpec, resolved. Source: knative/eventing <c>pkg/apis/duck/v1/delivery_types.go</c>.
/// </summary>
public sealed record Delivery
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Tries after the first one; 0 or more.</summary>
    public int Retry { get; init; }

    /// <summary>How the wait grows from try to try.</summary>
    public BackoffPolicy BackoffPolicy { get; init; } = BackoffPolicy.Exponential;

    /// <summary>The unit of the wait between tries; zero means no wait.</summary>
    public TimeSpan BackoffDelay { get; init; }

    /// <summary>The longest one try may take; 60 s where none is given.</summary>
    public TimeSpan Timeout { get; init => field = value > TimeSpan.Zero ? value : DefaultTimeout; } = DefaultTimeout;

    /// <summary>The longest Retry-After that is obeyed; null: the header is not looked at.</summary>
    public TimeSpan? RetryAfterMax { get; init; }

    /// <summary>How the event is written to the subscriber.</summary>
    public EventFormat Format { get; init; }
}

/// <summary>How the wait between tries grows; the retry number counts from 0.</summary>
public enum BackoffPolicy
{
    /// <summary>delay × 2^n.</summary>
    Exponential,

    /// <summary>delay × n.</summary>
    Linear,
}

/// <summary>CloudEvents HTTP content mode of a delivery.</summary>
public enum EventFormat
{
    /// <summary>Binary mode: attributes in <c>ce-</c> headers, data as the body.</summary>
    Binary,

    /// <summary>Structured mode, <c>application/cloudevents+json</c>.</summary>
    Json,
}
