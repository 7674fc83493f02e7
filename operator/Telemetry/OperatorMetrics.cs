// What the operator counts, under the names that dashboards for controllers already know.
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ServerlessEventing.Operator.Telemetry;

/// <summary>A work queue as it is now.</summary>
/// <param name="Name">Full name of the kind.</param>
/// <param name="Depth">Keys that wait for a worker.</param>
/// <param name="Unfinished">How long the keys being worked on have been so, summed up.</param>
/// <param name="Longest">How long the one has been so that was taken first.</param>
/// <param name="Workers">How many keys are worked on at once, at most.</param>
public readonly record struct QueueState(
    string Name, int Depth, TimeSpan Unfinished, TimeSpan Longest, int Workers = 0);

/// <summary>controller-runtime's and client-go's metrics, and a few of our own under <c>eventing_</c>.</summary>
public sealed class OperatorMetrics : IDisposable
{
    public const string MeterName = "ServerlessEventing.Operator";

    private readonly Meter _meter = new(MeterName);
    // The buckets that controller-runtime has for reconciles, and for queues, in seconds.
    private static readonly InstrumentAdvice<double> ReconcileBuckets = new()
    {
        HistogramBucketBoundaries =
        [
            0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25,
            1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
        ],
    };

    private static readonly InstrumentAdvice<double> QueueBuckets = new()
    {
        HistogramBucketBoundaries = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000],
    };

    private readonly Counter<long> _reconciles;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _panics;
    private readonly Counter<long> _timeouts;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _waited;
    private readonly Histogram<double> _worked;
    private readonly UpDownCounter<long> _active;
    private readonly Counter<long> _adds;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _busCalls;
    private readonly Counter<long> _repairs;
    private readonly Counter<long> _discarded;
    private volatile Func<IEnumerable<Measurement<double>>> _ages = () => [];
    private volatile Func<IEnumerable<QueueState>> _queues = () => [];
    private Func<bool> _leads = () => false;
    private Func<long> _generation = () => 0;

    public OperatorMetrics()
    {
        _reconciles = _meter.CreateCounter<long>("controller_runtime_reconcile_total");
        _errors = _meter.CreateCounter<long>("controller_runtime_reconcile_errors_total");
        _panics = _meter.CreateCounter<long>("controller_runtime_reconcile_panics_total");
        _timeouts = _meter.CreateCounter<long>("controller_runtime_reconcile_timeouts_total");
        _duration = Seconds("controller_runtime_reconcile_time_seconds", ReconcileBuckets);
        _active = _meter.CreateUpDownCounter<long>("controller_runtime_active_workers");
        _adds = _meter.CreateCounter<long>("workqueue_adds_total");
        _retries = _meter.CreateCounter<long>("workqueue_retries_total");
        _waited = Seconds("workqueue_queue_duration_seconds", QueueBuckets);
        _worked = Seconds("workqueue_work_duration_seconds", QueueBuckets);
        _busCalls = _meter.CreateCounter<long>("eventing_bus_management_total");
        _repairs = _meter.CreateCounter<long>("eventing_drift_repaired_total");
        _discarded = _meter.CreateCounter<long>("eventing_events_discarded_total");
        _meter.CreateObservableGauge("workqueue_depth", () => OfQueues(queue => (long)queue.Depth));
        _meter.CreateObservableGauge(
            "workqueue_unfinished_work_seconds", () => OfQueues(queue => queue.Unfinished.TotalSeconds), "s");
        _meter.CreateObservableGauge(
            "workqueue_longest_running_processor_seconds", () => OfQueues(queue => queue.Longest.TotalSeconds), "s");
        _meter.CreateObservableGauge(
            "controller_runtime_max_concurrent_reconciles",
            () => _queues().Select(queue => new Measurement<long>(
                queue.Workers, new KeyValuePair<string, object?>("controller", queue.Name))));
        _meter.CreateObservableGauge("eventing_watch_age_seconds", () => _ages(), "s");
        _meter.CreateObservableGauge("leader_election_master_status", () => _leads() ? 1L : 0L);
        _meter.CreateObservableGauge("eventing_routing_generation", () => _generation());
    }

    public void Reconciled(string controller, string result, TimeSpan took)
    {
        var tags = new TagList { { "controller", controller }, { "result", result } };
        _reconciles.Add(1, tags);
        _duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("controller", controller));
        if (result == "error")
        {
            _errors.Add(1, new KeyValuePair<string, object?>("controller", controller));
        }
    }

    public void Working(string controller, int change) =>
        _active.Add(change, new KeyValuePair<string, object?>("controller", controller));

    /// <summary>A reconciler threw what none may throw: a mistake of the program.</summary>
    public void Panicked(string controller) =>
        _panics.Add(1, new KeyValuePair<string, object?>("controller", controller));

    public void TimedOut(string controller) =>
        _timeouts.Add(1, new KeyValuePair<string, object?>("controller", controller));

    /// <summary>A key that was not waiting yet.</summary>
    public void Queued(string queue) => _adds.Add(1, new KeyValuePair<string, object?>("name", queue));

    public void Retried(string queue) => _retries.Add(1, new KeyValuePair<string, object?>("name", queue));

    /// <summary>How long a key waited for a worker.</summary>
    public void Waited(string queue, TimeSpan time) =>
        _waited.Record(time.TotalSeconds, new KeyValuePair<string, object?>("name", queue));

    /// <summary>How long a worker had a key.</summary>
    public void Worked(string queue, TimeSpan time) =>
        _worked.Record(time.TotalSeconds, new KeyValuePair<string, object?>("name", queue));

    public void BusCalled(string result) =>
        _busCalls.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Repaired() => _repairs.Add(1);

    /// <summary>Events that were still waiting in something a user deleted.</summary>
    public void Discarded(long events) => _discarded.Add(events);

    /// <summary>Shows the queues and watches of the term that has begun, in place of the last one's.</summary>
    public void Watch(Func<IEnumerable<QueueState>> queues, Func<IEnumerable<Measurement<double>>> ages) =>
        (_queues, _ages) = (queues, ages);

    public void Watch(Func<bool> leads, Func<long> generation) => (_leads, _generation) = (leads, generation);

    public void Dispose() => _meter.Dispose();

    private Histogram<double> Seconds(string name, InstrumentAdvice<double> buckets) =>
        _meter.CreateHistogram(name, "s", null, null, buckets);

    private IEnumerable<Measurement<T>> OfQueues<T>(Func<QueueState, T> value)
        where T : struct => _queues().Select(
            queue => new Measurement<T>(value(queue), new KeyValuePair<string, object?>("name", queue.Name)));
}
