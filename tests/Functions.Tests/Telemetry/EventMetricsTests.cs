// What the functions measure: names, labels, how many series there can be, and what it costs.
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Telemetry;
using RoutedIngress = ServerlessEventing.Contract.Routing.Ingress;

namespace ServerlessEventing.Functions.Tests.Telemetry;

public sealed class EventMetricsTests : IDisposable
{
    private const string Broker = "kn.broker.name=default kn.broker.namespace=ns";
    private const string Trigger = "kn.trigger.name=orders kn.trigger.namespace=ns " + Broker;

    private static readonly RoutedIngress Ingress = new()
    {
        Uid = "b",
        Kind = IngressKind.Broker,
        Namespace = "ns",
        Name = "default",
        Path = "/ns/default",
        Topic = "t",
    };

    private static readonly Egress Orders = new()
    {
        Uid = "e",
        Kind = EgressKind.Trigger,
        Namespace = "ns",
        Name = "orders",
        Origin = "default",
        Lane = "l",
    };

    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly EventMetrics metrics;

    public EventMetricsTests() =>
        metrics = new(services.GetRequiredService<IMeterFactory>(), TimeProvider.System);

    [Fact]
    public void Measurement_HasKnativesNameAndLabels()
    {
        using var listener = new Ledger(services);

        metrics.Accepted(Ingress, 3);
        metrics.Accepted(Ingress with { Kind = IngressKind.Channel, Name = "c" }, 1);
        metrics.Rejected(null, 404);
        metrics.Published(Ingress, 202, TimeProvider.System.GetTimestamp());
        metrics.Processed(Orders, TimeProvider.System.GetTimestamp());
        metrics.Tried(Orders, Operation.Deliver, 503, TimeProvider.System.GetTimestamp());
        metrics.Retried(Orders with { Kind = EgressKind.Subscription, Name = "s", Origin = "c" });
        metrics.Replied(Orders);
        metrics.Ended(Orders, "delivered", null);
        metrics.Ended(Orders with { Kind = EgressKind.Source, Name = "tick", Origin = null }, "discarded", "expired");
        metrics.Ended(null, "dead-lettered", "NoEgress");

        Assert.Equal(
            [
                $"eventing.ingress.events {Broker} http.response.status_code=202",
                "eventing.ingress.events kn.channel.name=c kn.channel.namespace=ns http.response.status_code=202",
                "eventing.ingress.events http.response.status_code=404",
                "kn.eventing.dispatch.duration " + Broker
                    + " messaging.operation.name=publish http.response.status_code=202",
                $"kn.eventing.process.duration {Trigger}",
                "kn.eventing.dispatch.duration " + Trigger
                    + " messaging.operation.name=deliver http.response.status_code=503",
                "eventing.egress.retries kn.subscription.name=s kn.subscription.namespace=ns"
                    + " kn.channel.name=c kn.channel.namespace=ns",
                $"eventing.egress.replies {Trigger}",
                $"eventing.egress.messages {Trigger} eventing.ending=delivered",
                "eventing.egress.messages kn.source.name=tick kn.source.namespace=ns"
                    + " eventing.ending=discarded eventing.reason=expired",
                "eventing.egress.messages eventing.ending=dead-lettered eventing.reason=NoEgress",
            ],
            listener.Measurements);
        Assert.Equal(4, listener.Sum("eventing.ingress.events", "202"));
    }

    [Fact]
    public void Status_OfAnyNumber_IsOneOfThoseThatHttpKnows()
    {
        using var listener = new Ledger(services);

        for (var status = -1; status <= 1000; status++)
        {
            metrics.Tried(Orders, Operation.Deliver, status, 0);
        }

        var series = listener.Measurements.Distinct().ToList();
        Assert.InRange(series.Count, 50, 80);
        Assert.Contains(series, s => s.EndsWith("=429", StringComparison.Ordinal));
        Assert.Contains(series, s => s.EndsWith("=500", StringComparison.Ordinal));
        Assert.DoesNotContain(series, s => s.EndsWith("=599", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Measurement_AllocatesNothing(bool heard)
    {
        using var listener = heard ? new MeterListener() : null;
        if (listener is not null)
        {
            listener.InstrumentPublished = (instrument, self) => self.EnableMeasurementEvents(instrument);
            listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
            listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
            listener.Start();
        }

        Measure();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Measure();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public void Dispose() => services.Dispose();

    // What one event with one try costs, from ingress to end.
    private void Measure()
    {
        metrics.Published(Ingress, 202, 0);
        metrics.Accepted(Ingress, 1);
        metrics.Processed(Orders, 0);
        metrics.Tried(Orders, Operation.Deliver, 200, 0);
        metrics.Ended(Orders, "delivered", null);
    }
}
