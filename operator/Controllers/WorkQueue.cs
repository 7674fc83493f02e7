// Keys waiting to be reconciled: each at most once, never twice at the same time, retries further and further apart.
using System.Threading.Channels;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Telemetry;

namespace ServerlessEventing.Operator.Controllers;

/// <summary>A de-duplicating queue of keys with delays.</summary>
/// <remarks>
/// <code>
///   Add ──► ready ──► TakeAsync ──► being worked on ──► Done
///    ▲        ▲                            │ added meanwhile: ready again at Done
///    │        └── AddAfter: a timer; an earlier one replaces a later one
///    └─ Retry: AddAfter with this key's own growing wait; Forget sets the wait back
/// </code>
/// </remarks>
public sealed class WorkQueue(string name, TimeProvider time, OperatorMetrics metrics) : IDisposable
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private readonly Channel<ResourceKey> _ready = Channel.CreateUnbounded<ResourceKey>();
    // Each with the time since when.
    private readonly Dictionary<ResourceKey, long> _waiting = [];
    private readonly Dictionary<ResourceKey, long> _working = [];
    private readonly HashSet<ResourceKey> _again = [];
    private readonly Dictionary<ResourceKey, Delay> _delays = [];
    private readonly Dictionary<ResourceKey, int> _failures = [];
    private bool _closed;

    /// <summary>Keys that wait for a worker, and how long workers have had theirs.</summary>
    public QueueState State
    {
        get
        {
            lock (_gate)
            {
                var busy = _working.Values.Select(since => time.GetElapsedTime(since)).ToList();
                return new QueueState(
                    name,
                    _waiting.Count,
                    TimeSpan.FromTicks(busy.Sum(span => span.Ticks)),
                    busy.DefaultIfEmpty().Max());
            }
        }
    }

    public void Add(ResourceKey key)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            if (_delays.Remove(key, out var delay))
            {
                delay.Timer.Dispose();
            }

            if (_working.ContainsKey(key))
            {
                if (_again.Add(key))
                {
                    metrics.Queued(name);
                }
            }
            else if (_waiting.TryAdd(key, time.GetTimestamp()))
            {
                metrics.Queued(name);
                _ready.Writer.TryWrite(key);
            }
        }
    }

    public void AddAfter(ResourceKey key, TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }

        lock (_gate)
        {
            var due = time.GetUtcNow() + wait;
            if (_closed || _waiting.ContainsKey(key) || _delays.TryGetValue(key, out var delay) && delay.Due <= due)
            {
                return;
            }

            if (_delays.Remove(key, out var later))
            {
                later.Timer.Dispose();
            }

            _delays[key] = new Delay(due, time.CreateTimer(
                _ => Add(key), null, wait, Timeout.InfiniteTimeSpan));
        }
    }

    /// <summary>Adds the key after its own wait, which doubles with each failure: 50 ms to 2 min, ± 20 %.</summary>
    public void Retry(ResourceKey key)
    {
        int failures;
        lock (_gate)
        {
            failures = _failures[key] = _failures.GetValueOrDefault(key) + 1;
        }

        metrics.Retried(name);

        var wait = FirstWait * Math.Pow(2, Math.Min(failures - 1, 20));
        wait = wait < LongestWait ? wait : LongestWait;
        AddAfter(key, wait * (0.8 + 0.4 * Random.Shared.NextDouble()));
    }

    /// <summary>The key went well: its next failure waits the shortest time again.</summary>
    public void Forget(ResourceKey key)
    {
        lock (_gate)
        {
            _failures.Remove(key);
        }
    }

    /// <summary>The next key; the caller answers with <see cref="Done"/>.</summary>
    public async Task<ResourceKey> TakeAsync(CancellationToken cancellationToken)
    {
        var key = await _ready.Reader.ReadAsync(cancellationToken);
        lock (_gate)
        {
            if (_waiting.Remove(key, out var since))
            {
                metrics.Waited(name, time.GetElapsedTime(since));
            }

            _working[key] = time.GetTimestamp();
        }

        return key;
    }

    public void Done(ResourceKey key)
    {
        lock (_gate)
        {
            if (_working.Remove(key, out var since))
            {
                metrics.Worked(name, time.GetElapsedTime(since));
            }

            if (_again.Remove(key) && !_closed && _waiting.TryAdd(key, time.GetTimestamp()))
            {
                _ready.Writer.TryWrite(key);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var delay in _delays.Values)
            {
                delay.Timer.Dispose();
            }

            _delays.Clear();
        }
    }

    private sealed record Delay(DateTimeOffset Due, ITimer Timer);
}
