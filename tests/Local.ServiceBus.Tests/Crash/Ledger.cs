// What the load has been promised, kept outside the emulator: the only witness a crash test trusts.
using System.Collections.Concurrent;

namespace ServerlessEventing.Local.ServiceBus.Tests.Crash;

/// <summary>
/// A message moves from left to right, and is written down before the call that moves it and after its answer:
/// <code>
///   tried ─► accepted ─► completing ─► completed        (never to be seen again)
///                     └► burying ───► buried            (in the DLQ and nowhere else)
/// </code>
/// A crash between the two leaves it open whether the call counted; both outcomes are then right.
/// </summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, byte> _completing = new();
    private readonly ConcurrentDictionary<string, byte> _burying = new();
    private readonly ConcurrentQueue<string> _offences = new();
    private long _events;
    private long _highest;

    public ConcurrentDictionary<string, byte> Accepted { get; } = new();

    public ConcurrentDictionary<string, byte> Completed { get; } = new();

    public ConcurrentDictionary<string, byte> Buried { get; } = new();

    public IReadOnlyCollection<string> Offences => _offences;

    /// <summary>How much has happened; rounds end by this and not by the clock.</summary>
    public long Events => Interlocked.Read(ref _events);

    /// <summary>The highest sequence number seen so far.</summary>
    public long Highest => Interlocked.Read(ref _highest);

    public void Accept(string id)
    {
        Accepted[id] = 0;
        Interlocked.Increment(ref _events);
    }

    public void Completing(string id) => _completing[id] = 0;

    public void Complete(string id)
    {
        Completed[id] = 0;
        Interlocked.Increment(ref _events);
    }

    public void Burying(string id) => _burying[id] = 0;

    public void Bury(string id)
    {
        Buried[id] = 0;
        Interlocked.Increment(ref _events);
    }

    /// <summary>A message that came in. Only what was settled before this receive was asked for may not come.</summary>
    public void Received(string id, long sequenceNumber, IReadOnlySet<string> settledBefore)
    {
        Interlocked.Increment(ref _events);
        if (settledBefore.Contains(id))
        {
            var settled = Completed.ContainsKey(id) ? "completed" : "dead-lettered";
            _offences.Enqueue($"{id} came back after it was {settled}");
        }

        for (var seen = Highest; sequenceNumber > seen; seen = Highest)
        {
            Interlocked.CompareExchange(ref _highest, sequenceNumber, seen);
        }
    }

    /// <summary>A message sent after the last crash: its number must be above all that were seen before.</summary>
    public void NumberedAfter(long highestBefore, string id, long sequenceNumber)
    {
        if (sequenceNumber <= highestBefore)
        {
            _offences.Enqueue($"{id} has number {sequenceNumber}, but {highestBefore} was given out before");
        }
    }

    public HashSet<string> Settled() => [.. Completed.Keys, .. Buried.Keys];

    /// <summary>What must still be in the queue: accepted, and settling was not even begun.</summary>
    public HashSet<string> Owed() =>
        [.. Accepted.Keys.Where(id => !_completing.ContainsKey(id) && !_burying.ContainsKey(id))];
}
