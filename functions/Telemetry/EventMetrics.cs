// What the functions count and time: Knative's names where it has one, our own under eventing.
using System.Diagnostics;
using System.Diagnostics.Metrics;
using ServerlessEventing.Contract.Routing;
using RoutedIngress = ServerlessEventing.Contract.Routing.Ingress;

namespace ServerlessEventing.Functions.Telemetry;

/// <summary>
/// <code>
///   producer ─► ingress ─► bus ─► lane ─► dispatch ─► subscriber
///               │events            │                  │dispatch.duration of each try, retries
///               │dispatch.duration │                  └► reply: dispatch.duration, replies
///                                  └─ process.duration ─┤messages: one count each, by how it ended
/// </code>
/// Labels are names of the routing table, statuses that HTTP knows, and words of our own: nothing that an event or an
/// answer says. While nobody listens a call costs one look at the instrument; it allocates nothing even when somebody
/// does.
/// </summary>
internal sealed class EventMetrics
{
    public const string MeterName = "ServerlessEventing.Functions";

    private static readonly double[] Bounds =
        [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly TimeProvider time;
    private readonly Counter<long> events;
    private readonly Counter<long> messages;
    private readonly Counter<long> retries;
    private readonly Counter<long> replies;
    private readonly Histogram<double> dispatch;
    private readonly Histogram<double> process;

    public EventMetrics(IMeterFactory meters, TimeProvider time)
    {
        this.time = time;
        var meter = meters.Create(MeterName);
        events = meter.CreateCounter<long>(
            "eventing.ingress.events", "{event}", "Events taken in or refused, by the status of the answer");
        messages = meter.CreateCounter<long>(
            "eventing.egress.messages", "{message}", "Messages taken from the bus, by how they ended");
        retries = meter.CreateCounter<long>("eventing.egress.retries", "{try}", "Tries that follow a failed one");
        replies = meter.CreateCounter<long>("eventing.egress.replies", "{event}", "Replies handed on");
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = Bounds };
        dispatch = meter.CreateHistogram(
            "kn.eventing.dispatch.duration", "s", "Handing an event on, to the bus or to a destination", null, advice);
        process = meter.CreateHistogram(
            "kn.eventing.process.duration", "s", "From taking a message to its first try", null, advice);
    }

    /// <summary>Events that the bus has.</summary>
    public void Accepted(RoutedIngress ingress, int count) =>
        Count(events, count, Labels.Of(ingress), StatusCodes.Status202Accepted);

    /// <summary>A request that was refused, whole; null when it named no address of ours.</summary>
    public void Rejected(RoutedIngress? ingress, int status) => Count(events, 1, Labels.Of(ingress), status);

    /// <summary>What was taken in was handed to the bus, or the bus refused it.</summary>
    public void Published(RoutedIngress ingress, int status, long started) =>
        Time(Labels.Of(ingress), Operation.Publish, status, started);

    /// <summary>A message has come as far as its first try.</summary>
    public void Processed(Egress egress, long started)
    {
        if (process.Enabled)
        {
            process.Record(time.GetElapsedTime(started).TotalSeconds, Labels.Of(egress).Tags());
        }
    }

    /// <summary>One try at a destination is over.</summary>
    public void Tried(Egress egress, string operation, int status, long started) =>
        Time(Labels.Of(egress), operation, status, started);

    public void Retried(Egress egress) => Count(retries, Labels.Of(egress));

    public void Replied(Egress egress) => Count(replies, Labels.Of(egress));

    /// <summary>A message is settled; null when no egress of the table is meant.</summary>
    public void Ended(Egress? egress, string ending, string? reason)
    {
        if (!messages.Enabled)
        {
            return;
        }

        var tags = Labels.Of(egress).Tags();
        tags.Add("eventing.ending", ending);
        if (reason is not null)
        {
            tags.Add("eventing.reason", reason);
        }

        messages.Add(1, tags);
    }

    private void Time(Labels labels, string operation, int status, long started)
    {
        if (dispatch.Enabled)
        {
            var tags = labels.Tags();
            tags.Add("messaging.operation.name", operation);
            tags.Add(Labels.Status, Statuses.Of(status));
            dispatch.Record(time.GetElapsedTime(started).TotalSeconds, tags);
        }
    }

    private static void Count(Counter<long> counter, int count, Labels labels, int status)
    {
        if (counter.Enabled)
        {
            var tags = labels.Tags();
            tags.Add(Labels.Status, Statuses.Of(status));
            counter.Add(count, tags);
        }
    }

    private static void Count(Counter<long> counter, Labels labels)
    {
        if (counter.Enabled)
        {
            counter.Add(1, labels.Tags());
        }
    }
}
