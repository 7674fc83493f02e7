// The bounds that keep one client from eating a machine.
namespace ServerlessEventing.ServiceBus.Wire;

/// <summary>Upper bounds, in one place.</summary>
internal static class Limits
{
    /// <summary>Sends of one sender that await the broker's answer; further ones wait their turn.</summary>
    public const int SendsInFlight = 4096;

    /// <summary>Requests to one management node that await an answer.</summary>
    public const int RequestsInFlight = 200;

    /// <summary>Handlers of one processor that run at once.</summary>
    public const int MaxConcurrentCalls = 10_000;

    /// <summary>Sessions that one processor holds at once; each is a link of its own.</summary>
    public const int MaxConcurrentSessions = 1_000;

    /// <summary>Messages that one call may ask for, and one link may hold unread.</summary>
    public const int MaxPrefetch = 10_000;

    /// <summary>The largest batch, whatever the link takes; the service's own bound.</summary>
    public const long MaxBatchBytes = 1024 * 1024;

    /// <summary>Links and management pairs on one connection.</summary>
    public const ushort SessionsPerConnection = 4096;

    public static int Prefetch(int value) => value is >= 0 and <= MaxPrefetch
        ? value
        : throw new ArgumentOutOfRangeException(
            nameof(value), value, $"PrefetchCount must be 0 to {MaxPrefetch}.");
}
