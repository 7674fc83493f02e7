// Bounds how many messages of one egress are in flight here, and gives the rest a slot to come back in.
namespace ServerlessEventing.Functions.Delivery;

/// <summary>
/// <code>
///   1 breaker open ───────────────────────────────► a slot
///   2 fewer in flight than the limit ─────────────► in
///   3 expected wait ≤ 2 s, fewer than 3 waiting for each place ─ waits 2 s, who was moved first ─► in, or a slot
///   4 expected wait ≤ ¼ s ─ waits ¼ s, however many are ahead ─► in, or a slot
///   5 expected wait longer ───────────────────────► a slot: when this egress's clock says its turn is
///
///   limit    4 at first; +1 for each answer while it is reached, up to the most; halved by 429 and 503, 4 again when
///            there is no answer in time
///   breaker  four tries in a row without an answer in time: nobody enters for as long as they took, 30 s at most
///   clock    advances for each slot by the time one message takes divided by the limit, 15 min ahead at most; a
///            message moved before comes back sixteen times later each time
/// </code>
/// So a burst at a quick subscriber is worked off here, a backlog of a slow one spreads over the time that takes, each
/// message of it moved about once, and a subscriber that hangs fills its own places and nobody else's.
/// </summary>
internal sealed class EgressGate(int most, TimeProvider time)
{
    private const int FirstLimit = 4;
    private const int SilentTriesToOpen = 4;
    private const int WaitingPerPlace = 3;
    private const int LaterEachTime = 16;
    private const int MovesToFarthest = 3;

    private static readonly TimeSpan LongestWaitHere = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FarthestSlot = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LongestOpen = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstGuess = TimeSpan.FromMilliseconds(20);

    private readonly Lock turnstile = new();
    private readonly LinkedList<TaskCompletionSource<bool>> waiting = [];

    private int most = most;
    private int limit = Math.Min(FirstLimit, most);
    private int inFlight;
    private int silentTries;
    private DateTimeOffset openUntil;
    private double holdSeconds = FirstGuess.TotalSeconds;
    private long lastProgress = time.GetTimestamp();
    private DateTimeOffset nextSlot;

    /// <summary>Whether nothing is in flight or waiting, so that the gate can be forgotten.</summary>
    public bool Idle
    {
        get
        {
            lock (turnstile)
            {
                return inFlight == 0 && waiting.Count == 0;
            }
        }
    }

    /// <summary>How many may be in flight now.</summary>
    public int Limit
    {
        get
        {
            lock (turnstile)
            {
                return limit;
            }
        }
    }

    /// <summary>Changes how many may ever be in flight at once.</summary>
    public void Allow(int newMost)
    {
        lock (turnstile)
        {
            if (most == newMost)
            {
                return;
            }

            most = newMost;
            limit = Math.Min(Math.Max(limit, Math.Min(FirstLimit, most)), most);
            Admit();
        }
    }

    /// <summary>
    /// Enters: null when in, else after how long to come back; <paramref name="moves"/> says how often the message was
    /// sent away before. Who is in must <see cref="Leave"/>.
    /// </summary>
    public async ValueTask<TimeSpan?> EnterAsync(int moves, CancellationToken cancellationToken)
    {
        TaskCompletionSource<bool> turn;
        LinkedListNode<TaskCompletionSource<bool>> place;
        TimeSpan patience;
        lock (turnstile)
        {
            if (openUntil > time.GetUtcNow())
            {
                return TakeSlot(moves);
            }

            if (inFlight < limit && waiting.Count == 0)
            {
                Enter();
                return null;
            }

            patience = PatienceOf(ahead: moves > 0 ? 1 : waiting.Count + 1);
            if (patience == TimeSpan.Zero)
            {
                return TakeSlot(moves);
            }

            turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
            place = moves > 0 ? waiting.AddFirst(turn) : waiting.AddLast(turn);
        }

        return await WaitAsync(turn, place, patience, cancellationToken)
            ? null
            : SlotOrThrow(moves, cancellationToken);
    }

    /// <summary>Says how a try at the subscriber ended.</summary>
    public void Tried(DeliveryOutcome outcome)
    {
        lock (turnstile)
        {
            if (outcome.IsSilence)
            {
                limit = Math.Min(FirstLimit, most);
                if (++silentTries >= SilentTriesToOpen)
                {
                    silentTries = 0;
                    var taken = TimeSpan.FromSeconds(Taken());
                    openUntil = time.GetUtcNow() + (taken < LongestOpen ? taken : LongestOpen);
                }

                return;
            }

            silentTries = 0;
            if (outcome.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            {
                limit = Math.Max(Math.Min(FirstLimit, most), limit / 2);
            }
            else if (inFlight >= limit && limit < most)
            {
                limit++;
                Admit();
            }
        }
    }

    /// <summary>Leaves after having been in since <paramref name="entered"/>.</summary>
    public void Leave(long entered)
    {
        lock (turnstile)
        {
            holdSeconds += (time.GetElapsedTime(entered).TotalSeconds - holdSeconds) / 8;
            lastProgress = time.GetTimestamp();
            inFlight--;
            Admit();
        }
    }

    private async ValueTask<bool> WaitAsync(
        TaskCompletionSource<bool> turn,
        LinkedListNode<TaskCompletionSource<bool>> place,
        TimeSpan patience,
        CancellationToken cancellationToken)
    {
        using var limited = new CancellationTokenSource(patience, time);
        await using var timedOut = limited.Token.Register(() => turn.TrySetResult(false));
        await using var cancelled = cancellationToken.Register(() => turn.TrySetResult(false));
        if (await turn.Task)
        {
            return true;
        }

        lock (turnstile)
        {
            waiting.Remove(place);
            return false;
        }
    }

    private TimeSpan? SlotOrThrow(int moves, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (turnstile)
        {
            return TakeSlot(moves);
        }
    }

    private void Enter()
    {
        if (++inFlight == 1)
        {
            lastProgress = time.GetTimestamp();
        }
    }

    // Who has given up waiting is passed over; he takes himself off the list.
    private void Admit()
    {
        for (var place = waiting.First; place is not null && inFlight < limit;)
        {
            var next = place.Next;
            if (place.Value.TrySetResult(true))
            {
                waiting.Remove(place);
                Enter();
            }

            place = next;
        }
    }

    private TimeSpan TakeSlot(int moves)
    {
        var now = time.GetUtcNow();
        var earliest = now + LongestWaitHere;
        var farthest = now + FarthestSlot;
        nextSlot = (nextSlot > earliest ? nextSlot : earliest) + TimeSpan.FromSeconds(Spacing());
        nextSlot = nextSlot < farthest ? nextSlot : farthest;
        var away = LongestWaitHere * Math.Pow(LaterEachTime, Math.Min(moves, MovesToFarthest));
        away = away < FarthestSlot ? away : FarthestSlot;
        return nextSlot - now > away ? nextSlot - now : away;
    }

    // How long a message may wait here, where it holds one of everybody's calls; zero: not at all.
    private TimeSpan PatienceOf(int ahead)
    {
        var expected = Spacing() * ahead;
        return expected <= LongestWaitHere.TotalSeconds && waiting.Count < most * WaitingPerPlace ? LongestWaitHere
            : expected <= ShortWait.TotalSeconds ? ShortWait
            : TimeSpan.Zero;
    }

    // Seconds between two messages leaving; while nothing leaves at all, the silence itself is the measure.
    private double Spacing() => Taken() / limit;

    private double Taken()
    {
        // A short silence may be a pause of this process, and says nothing of the subscriber.
        var silence = time.GetElapsedTime(lastProgress);
        return silence > ShortWait ? Math.Max(holdSeconds, silence.TotalSeconds) : holdSeconds;
    }
}
