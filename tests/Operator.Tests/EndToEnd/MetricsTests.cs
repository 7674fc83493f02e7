// GET /metrics of a running operator, as Prometheus reads it.
using System.Globalization;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>
/// Alone: a meter is known by its name in the whole process, so another test's operator would be counted here too.
/// </summary>
[CollectionDefinition(nameof(MetricsTests), DisableParallelization = true)]
[Collection(nameof(MetricsTests))]
public sealed class MetricsTests(House house) : IClassFixture<House>, IDisposable
{
    private readonly HttpClient _http = new();

    [Fact]
    public async Task Metrics_OfARunningOperator_HaveTheNamesOfControllerRuntime()
    {
        var ns = await house.Namespace("eventing.knative.dev/injection: enabled");
        await house.Ready(House.Broker(ns));
        await Eventually.Passes(async () =>
        {
            var text = await ScrapeAsync();
            foreach (var name in new[]
            {
                "controller_runtime_reconcile_total", "controller_runtime_reconcile_time_seconds_bucket",
                "controller_runtime_active_workers", "controller_runtime_max_concurrent_reconciles",
                "workqueue_depth", "workqueue_adds_total", "workqueue_queue_duration_seconds_bucket",
                "workqueue_work_duration_seconds_bucket", "workqueue_unfinished_work_seconds",
                "workqueue_longest_running_processor_seconds", "leader_election_master_status",
                "eventing_watch_age_seconds", "eventing_routing_generation", "eventing_bus_management_total",
            })
            {
                Assert.Contains(name + "{", text);
            }

            // Two groups have a kind with plural `channels`: neither hides the other.
            Assert.Contains("name=\"channels.eventing.knative.dev\"", text);
            Assert.Contains("name=\"channels.messaging.knative.dev\"", text);
        });
    }

    [Fact]
    public async Task BusManagement_CallsOfEachOutcome_AreCounted()
    {
        var ns = await house.Namespace();
        var before = await CountAsync("eventing_bus_management_total", "result=\"Done\"");
        await BrokerAsync(ns, "one");
        await house.Ready(House.Broker(ns, "one"));
        // Two topics and a bus subscription, at least.
        await Eventually.Passes(async () => Assert.True(
            await CountAsync("eventing_bus_management_total", "result=\"Done\"") >= before + 3));

        await house.Bus.StopAsync();
        try
        {
            await BrokerAsync(ns, "two");
            await Eventually.Passes(async () => Assert.True(
                await CountAsync("eventing_bus_management_total", "result=\"Unreachable\"") > 0));
        }
        finally
        {
            await house.Bus.StartAgainAsync();
        }

        await house.Ready(House.Broker(ns, "two"));
    }

    [Fact]
    public async Task WorkQueue_OfOneKind_CountsItsOwnKeysAndTheirTimes()
    {
        const string Triggers = "name=\"triggers.eventing.knative.dev\"";
        var ns = await house.Namespace();
        var adds = await CountAsync("workqueue_adds_total", Triggers);
        await BrokerAsync(ns, "default");
        await house.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: one}
            spec: {broker: default, subscriber: {uri: "http://sub.example/"} }
            """,
            ns);
        await house.Ready(House.Trigger(ns, "one"));
        await Eventually.Passes(async () =>
        {
            var added = await CountAsync("workqueue_adds_total", Triggers);
            Assert.True(added > adds, "no key was counted");
            Assert.Equal(added, await CountAsync("workqueue_queue_duration_seconds_count", Triggers));
            Assert.Equal(added, await CountAsync("workqueue_work_duration_seconds_count", Triggers));
            Assert.True(await CountAsync("workqueue_work_duration_seconds_sum", Triggers) > 0);
            // A reconcile is faster than the last bucket but no faster than the first: the buckets are of seconds.
            Assert.Equal(0, await CountAsync("workqueue_work_duration_seconds_bucket", Triggers + ",le=\"1E-08\""));
            Assert.Equal(added, await CountAsync("workqueue_work_duration_seconds_bucket", Triggers + ",le=\"1000\""));
        });
    }

    public void Dispose() => _http.Dispose();

    private Task BrokerAsync(string ns, string name) => house.Apply(
        $"apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {{name: {name}}}\nspec: {{}}", ns);

    private Task<string> ScrapeAsync() => _http.GetStringAsync(new Uri(house.Operator.RoutingUri, "/metrics"));

    // `name{…,label,…} 3 1700000000000`: the value stands after the labels. What was never counted is 0.
    private async Task<double> CountAsync(string name, string labels) => (await ScrapeAsync()).Split('\n')
        .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(labels))
        .Select(line => line[(line.IndexOf('}') + 1)..].Trim().Split(' ')[0])
        .Sum(value => double.Parse(value, CultureInfo.InvariantCulture));
}
