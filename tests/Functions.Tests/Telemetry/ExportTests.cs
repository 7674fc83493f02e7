// Metrics and traces as they leave a function app in a process of its own.
using System.Globalization;
using System.Net;
using System.Text;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Telemetry;

public sealed class ExportTests(PumpHouse house) : IClassFixture<PumpHouse>
{
    [Fact]
    public async Task MetricsPort_Scraped_TellsHowEveryEventEnded()
    {
        await using var good = await Subscriber.StartAsync();
        await using var bad = await Subscriber.StartAsync(400);
        var broker = await house.AddBrokerAsync();
        var taken = await house.AddTriggerAsync(broker, good.Address, e => e with { Origin = broker });
        var failing = await house.AddTriggerAsync(broker, bad.Address);
        var other = await house.AddTriggerAsync(
            broker, good.Address, e => e with { Filters = FunctionsHouse.TypeIs("other") });
        var port = FreePort.Next();
        await using var functions = await StartAsync(("EVENTING_METRICS_PORT", $"{port}"));
        for (var i = 0; i < 3; i++)
        {
            await SendAsync(functions, $"ns/{broker}", HttpStatusCode.Accepted);
        }

        await SendAsync(functions, "ns/nobody", HttpStatusCode.NotFound);
        var page = new Uri($"http://127.0.0.1:{port}/metrics");
        await Eventually.Passes(async () =>
        {
            var text = await house.Http.GetStringAsync(page);
            string[] ofBroker = [$"kn_broker_name=\"{broker}\"", "kn_broker_namespace=\"ns\""];
            const string Messages = "eventing_egress_messages_total";
            const string Tries = "kn_eventing_dispatch_duration_seconds_count";
            Assert.Equal(3, Sum(text, "eventing_ingress_events_total", [.. ofBroker, "status_code=\"202\""]));
            Assert.Equal(1, Sum(text, "eventing_ingress_events_total", "status_code=\"404\""));
            Assert.Equal(3, Sum(text, Messages, [.. ofBroker, Of(taken.Name), "ending=\"delivered\""]));
            Assert.Equal(
                3, Sum(text, Messages, Of(failing.Name), "ending=\"dead-lettered\"", "reason=\"DeliveryFailed\""));
            Assert.Equal(3, Sum(text, Messages, Of(other.Name), "ending=\"discarded\"", "reason=\"filtered\""));
            Assert.Equal(3, Sum(text, Tries, Of(failing.Name), "status_code=\"400\"", "name=\"deliver\""));
            Assert.Equal(3, Sum(text, Tries, [.. ofBroker, "status_code=\"202\"", "name=\"publish\""]));
            Assert.Equal(3, Sum(text, "kn_eventing_process_duration_seconds_count", Of(taken.Name)));
            Assert.Equal(3, Sum(text, "http_server_request_duration_seconds_count", "status_code=\"202\""));
            Assert.Contains("le=\"7.5\"", text, StringComparison.Ordinal);
            Assert.DoesNotContain("nobody", text, StringComparison.Ordinal);
        });

        using var elsewhere = await house.Http.PostAsync(new Uri($"http://127.0.0.1:{port}/ns/{broker}"), null);
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Collector_Given_GetsTracesAndMetrics()
    {
        await using var collector = await Subscriber.StartAsync();
        await using var good = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        var trigger = await house.AddTriggerAsync(broker, good.Address);
        await using var functions = await StartAsync(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address.ToString()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
            ("OTEL_BSP_SCHEDULE_DELAY", "200"));
        await SendAsync(functions, $"ns/{broker}", HttpStatusCode.Accepted);

        await Eventually.True(() => Got("/v1/traces", $"broker:{broker}.ns"), "the span of the ingress");
        await Eventually.True(() => Got("/v1/traces", $"trigger:{trigger.Name}.ns"), "the span of the Trigger");
        await Eventually.True(() => Got("/v1/traces", "serverless-eventing-functions"), "who it is of");
        await Eventually.True(() => Got("/v1/metrics", "kn.eventing.dispatch.duration"), "the metrics");

        bool Got(string path, string text) => collector.Received.Any(r => r.Path == path
            && r.Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);
    }

    // The house's own functions make room: it is this process that is to have every message.
    private async Task<FunctionsProcess> StartAsync(params (string Name, string Value)[] settings)
    {
        await house.StopAsync();
        var all = settings.ToDictionary(s => s.Name, s => s.Value);
        all["ServiceBusConnection"] = house.Bus.ConnectionString;
        all["RoutingTable"] = house.TableFile;
        return await FunctionsProcess.StartAsync(all);
    }

    private async Task SendAsync(FunctionsProcess functions, string path, HttpStatusCode expected)
    {
        using var request = house.Request(path);
        request.RequestUri = new Uri(functions.Address, path);
        using var answer = await house.Http.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
    }

    private static string Of(string trigger) => $"kn_trigger_name=\"{trigger}\"";

    private static double Sum(string page, string metric, params string[] labels) => page.Split('\n')
        .Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal)
            && labels.All(label => line.Contains(label, StringComparison.Ordinal)))
        .Select(line => line[(line.IndexOf('}', StringComparison.Ordinal) + 1)..].Trim())
        .Sum(value => double.Parse(value.Split(' ')[0], CultureInfo.InvariantCulture));
}
