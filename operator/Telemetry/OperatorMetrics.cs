// What the operator counts, under the names that dashboards for controllers already know.
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ServerlessEventing.Operator.Telemetry;

/// <summary>controller-runtime's and client-go's metrics, and a few of our own under <c>eventing_</c>.</summary>
public sealed class OperatorMetrics : IDisposable
{
    public const string MeterName = "ServerlessEventing.Operator";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _reconciles;
    private readonly Counter<long> _errors;
    private readonly Histogram<double> _duration;
    private readonly UpDownCounter<long> _active;
    private readonly Counter<long> _adds;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _busCalls;
    private readonly Counter<long> _repairs;
    private readonly Counter<long> _discarded;
    private volatile Func<IEnumerable<Measurement<double>>> _ages = () => [];
    private volatile Func<IEnumerable<Measurement<long>>> _depths = () => [];
    private Func<bool> _leads = () => false;
    private Func<long> _generation = () => 0;

    public OperatorMetrics()
    {
        _reconciles = _meter.CreateCounter<long>("controller_runtime_reconcile_total");
        _errors = _meter.CreateCounter<long>("controller_runtime_reconcile_errors_total");
        _duration = _meter.CreateHistogram<double>("controller_runtime_reconcile_time_seconds", "s");
        _active = _meter.CreateUpDownCounter<long>("controller_runtime_active_workers");
        _adds = _meter.CreateCounter<long>("workqueue_adds_total");
        _retries = _meter.CreateCounter<long>("workqueue_retries_total");
        _busCalls = _meter.CreateCounter<long>("eventing_bus_management_total");
        _repairs = _meter.CreateCounter<long>("eventing_drift_repaired_total");
        _discarded = _meter.CreateCounter<long>("eventing_events_discarded_total");
        _meter.CreateObservableGauge("workqueue_depth", () => _depths());
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

    public void Queued(string controller) => _adds.Add(1, new KeyValuePair<string, object?>("name", controller));

    public void Retried(string controller) => _retries.Add(1, new KeyValuePair<string, object?>("name", controller));

    public void BusCalled(string result) =>
        _busCalls.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Repaired() => _repairs.Add(1);

    /// <summary>Events that were still waiting in something a user deleted.</summary>
    public void Discarded(long events) => _discarded.Add(events);

    /// <summary>Shows the queues and watches of the term that has begun, in place of the last one's.</summary>
    public void Watch(Func<IEnumerable<Measurement<long>>> depths, Func<IEnumerable<Measurement<double>>> ages) =>
        (_depths, _ages) = (depths, ages);

    public void Watch(Func<bool> leads, Func<long> generation) => (_leads, _generation) = (leads, generation);

    public void Dispose() => _meter.Dispose();
}
