// One breaker for the whole bus namespace: when it is down, one call asks, and the others wait for the answer.
namespace ServerlessEventing.Operator.ServiceBus;

/// <summary>
/// A bus that does not answer must not meet a thousand retries. The first failure opens the circuit; while it is
/// open calls come back at once with the time to wait; then one call may try. 1 s, doubling to 30 s. Calls that were
/// under way when it opened say nothing new by failing too: only the one that asks makes the wait longer.
/// </summary>
public sealed class BusCircuit(TimeProvider time)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private DateTimeOffset _openUntil;
    private TimeSpan _wait;
    private string _reason = "";
    private bool _isAsking;

    /// <summary>Null when the call may go, else why not and how long to wait.</summary>
    public BusOutcome? Check()
    {
        lock (_gate)
        {
            if (_wait == TimeSpan.Zero)
            {
                return null;
            }

            var now = time.GetUtcNow();
            if (now >= _openUntil)
            {
                // This caller asks; the others wait until it knows, or until it must have got lost.
                _openUntil = now + ProbeLimit;
                _isAsking = true;
                return null;
            }

            var left = _openUntil - now;
            left = left < _wait ? left : _wait;
            return BusOutcome.Unreachable(_reason, left + (left * (0.5 * Random.Shared.NextDouble())));
        }
    }

    public void Succeeded()
    {
        lock (_gate)
        {
            _wait = TimeSpan.Zero;
            _isAsking = false;
        }
    }

    /// <summary>The time to wait before the next call.</summary>
    public TimeSpan Failed(string reason, TimeSpan? retryAfter = null)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (_wait > TimeSpan.Zero && !_isAsking && now < _openUntil)
            {
                return _openUntil - now;
            }

            _isAsking = false;
            _wait = _wait == TimeSpan.Zero ? FirstWait : _wait * 2;
            _wait = _wait < LongestWait ? _wait : LongestWait;
            _wait = retryAfter > _wait ? retryAfter.Value : _wait;
            _openUntil = now + _wait;
            _reason = reason;
            return _wait;
        }
    }
}
