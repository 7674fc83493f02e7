// Where metrics and traces go: a page for Prometheus on a port of its own, and an OTLP collector.
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http.Features;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ServerlessEventing.Functions.Telemetry;

/// <summary>
/// Nothing is collected unless somebody asked for it:
/// <code>
///   a metrics port ───────────────────────────────► metrics on GET /metrics there, and nothing else there
///   OTEL_EXPORTER_OTLP_ENDPOINT ──────────────────► metrics and traces to that collector
///   OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, …_TRACES_… ► one of them, to this address
/// </code>
/// The exporters read the other OTEL_ variables themselves.
/// </summary>
internal static class TelemetryExport
{
    private const string MetricsPath = "/metrics";
    private const string ServiceNameSetting = "OTEL_SERVICE_NAME";
    private const string EndpointSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string MetricsEndpointSetting = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
    private const string TracesEndpointSetting = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    private const string HostingMeter = "Microsoft.AspNetCore.Hosting";
    private const string RequestDuration = "http.server.request.duration";

    /// <summary>Time series of one metric; what comes after them is one series more, otel_metric_overflow.</summary>
    private const int MostSeries = 10_000;

    /// <summary>Collects what the settings ask for.</summary>
    public static void AddTelemetry(
        this IServiceCollection services, IConfiguration configuration, string instance, bool prometheus)
    {
        var metrics = Collector(configuration, MetricsEndpointSetting);
        var traces = Collector(configuration, TracesEndpointSetting);
        if (!prometheus && metrics is null && traces is null)
        {
            return;
        }

        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService(
            configuration[ServiceNameSetting] ?? "serverless-eventing-functions", serviceInstanceId: instance));
        if (prometheus || metrics is not null)
        {
            telemetry.WithMetrics(builder => AddMetrics(builder, prometheus, metrics));
        }

        if (traces is not null)
        {
            telemetry.WithTracing(builder => builder
                .AddSource(EventTraces.SourceName)
                .AddOtlpExporter(traces));
        }
    }

    /// <summary>Answers scrapes on <paramref name="port"/>, where nothing else is.</summary>
    public static void UseMetricsPort(this IApplicationBuilder app, int port) => app.MapWhen(
        context => context.Connection.LocalPort == port,
        page => page
            .Use(static (context, next) =>
            {
                // A scrape is no event.
                context.Features.Get<IHttpMetricsTagsFeature>()?.MetricsDisabled = true;
                return next(context);
            })
            .UseOpenTelemetryPrometheusScrapingEndpoint(MetricsPath)
            .Run(static context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }));

    private static void AddMetrics(
        MeterProviderBuilder builder, bool prometheus, Action<OtlpExporterOptions>? collector)
    {
        builder.AddMeter(EventMetrics.MeterName, HostingMeter).AddView(Stream);
        if (prometheus)
        {
            builder.AddPrometheusExporter();
        }

        if (collector is not null)
        {
            builder.AddOtlpExporter(collector);
        }
    }

    private static MetricStreamConfiguration Stream(Instrument instrument) =>
        instrument.Meter.Name == HostingMeter && instrument.Name != RequestDuration
            ? MetricStreamConfiguration.Drop
            : new() { CardinalityLimit = MostSeries };

    // Null when this signal goes nowhere. The exporter adds its path to the common address, not to a signal's own.
    private static Action<OtlpExporterOptions>? Collector(IConfiguration configuration, string signalSetting) =>
        configuration[signalSetting] is { Length: > 0 } own ? options => options.Endpoint = new Uri(own)
        : configuration[EndpointSetting] is { Length: > 0 } ? static _ => { }
        : null;
}
