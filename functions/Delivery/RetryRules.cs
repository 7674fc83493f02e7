// When to try again and how long to wait: Knative's arithmetic, apart from the loop that uses it.
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Functions.Delivery;

/// <summary>Source: knative/eventing, <c>retries.go</c> and <c>delivery_types.go</c>.</summary>
internal static class RetryRules
{
    /// <summary>No wait is longer; keeps 2^n from overflowing.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromDays(7);

    /// <summary>Whether a status may pass if tried again.</summary>
    public static bool IsRetryable(int status) => status is 404 or 408 or 409 or 429 or >= 500;

    /// <summary>The wait before retry number <paramref name="retry"/>, counted from 0.</summary>
    public static TimeSpan Wait(Contract.Routing.Delivery delivery, int retry, TimeSpan? retryAfter)
    {
        var seconds = delivery.BackoffDelay.TotalSeconds * (delivery.BackoffPolicy switch
        {
            BackoffPolicy.Exponential => Math.Pow(2, retry),
            BackoffPolicy.Linear => retry,
            _ => throw new ArgumentOutOfRangeException(nameof(delivery), delivery.BackoffPolicy, "no such policy"),
        });
        var backoff = seconds >= LongestWait.TotalSeconds ? LongestWait : TimeSpan.FromSeconds(Math.Max(0, seconds));
        if (retryAfter is not { } asked || delivery.RetryAfterMax is not { } max)
        {
            return backoff;
        }

        var granted = asked < max ? asked : max;
        return granted > backoff ? granted : backoff;
    }
}
