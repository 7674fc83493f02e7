// Bounds how many messages of one egress are in flight here, and gives the rest a slot to come back in.
namespace ServerlessEventing.Functions.Delivery;

/// <summary>
/// <code>
///   free permit ───────────────────────────► in
///   none free, expected wait ≤ 2 s ─ waits ─► in, or a slot
///   none free, expected wait longer ────────► a slot: when this egress's clock says its turn is
/// </code>
/// The clock advances by the time one message holds a permit divided by the permits, so that a backlog spreads over
/// the time it takes to work it off. A subscriber that hangs fills its own permits and nobody else's.
/// </summary>
internal sealed class EgressGate(int permits, int maxWaiting, TimeProvider time)
{
    private static readonly TimeSpan LongestWaitHere = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FarthestSlot = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan FirstGuess = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim free = new(permits, permits);
    private readonly Lock clock = new();

    private int inFlight;
    private int waiting;
    private double holdSeconds = FirstGuess.TotalSeconds;
    private long lastProgress = time.GetTimestamp();
    private DateTimeOffset nextSlot;

    /// <summary>Whether nothing is in flight or waiting, so that the gate can be forgotten.</summary>
    public bool Idle => Volatile.Read(ref inFlight) == 0 && Volatile.Read(ref waiting) == 0;

    /// <summary>Enters: null when in, else after how long to come back. Who is in must <see cref="Leave"/>.</summary>
    public async ValueTask<TimeSpan?> EnterAsync(CancellationToken cancellationToken)
    {
        if (free.Wait(0, cancellationToken))
        {
            return Entered();
        }

        try
        {
            var ahead = Interlocked.Increment(ref waiting);
            if (ahead <= maxWaiting && ExpectedWait(ahead) <= LongestWaitHere
                && await free.WaitAsync(LongestWaitHere, cancellationToken))
            {
                return Entered();
            }
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }

        return TakeSlot();
    }

    /// <summary>Leaves after having been in since <paramref name="entered"/>.</summary>
    public void Leave(long entered)
    {
        lock (clock)
        {
            holdSeconds += (time.GetElapsedTime(entered).TotalSeconds - holdSeconds) / 8;
            lastProgress = time.GetTimestamp();
        }

        Interlocked.Decrement(ref inFlight);
        free.Release();
    }

    private TimeSpan? Entered()
    {
        if (Interlocked.Increment(ref inFlight) == 1)
        {
            lock (clock)
            {
                lastProgress = time.GetTimestamp();
            }
        }

        return null;
    }

    private TimeSpan ExpectedWait(int ahead)
    {
        lock (clock)
        {
            return TimeSpan.FromSeconds(Spacing() * ahead);
        }
    }

    private TimeSpan TakeSlot()
    {
        var now = time.GetUtcNow();
        lock (clock)
        {
            var earliest = now + LongestWaitHere;
            var slot = (nextSlot > earliest ? nextSlot : earliest) + TimeSpan.FromSeconds(Spacing());
            var farthest = now + FarthestSlot;
            nextSlot = slot < farthest ? slot : farthest;
            return nextSlot - now;
        }
    }

    // Seconds between two messages leaving; while nothing leaves at all, the silence itself is the measure.
    private double Spacing() =>
        Math.Max(holdSeconds, time.GetElapsedTime(lastProgress).TotalSeconds) / permits;
}
