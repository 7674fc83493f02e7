// What the operator answers over HTTP: the routing table, metrics, and two probes.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Leadership;
using ServerlessEventing.Operator.Reconcilers.EventTypes;
using ServerlessEventing.Operator.Routing;
using ServerlessEventing.Operator.Telemetry;

namespace ServerlessEventing.Operator;

/// <summary>The endpoints; a standby answers them too.</summary>
internal static class OperatorEndpoints
{
    private static readonly TimeSpan DeafAfter = TimeSpan.FromMinutes(20);

    public static WebApplication Build(
        OperatorOptions options, Func<OperatorTerm?> term, Func<LeaderElector?> elector)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.WebHost.UseUrls($"http://{options.RoutingHost}:{options.RoutingPort}");
        builder.Services.AddSingleton<LeaderRelay>();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(OperatorMetrics.MeterName)
            .AddPrometheusExporter());
        var web = builder.Build();
        var endpoint = new RoutingEndpoint(options.RoutingToken, options.TimeProvider);
        var relay = web.Services.GetRequiredService<LeaderRelay>();
        web.MapGet("/routing", context => RoutingAsync(context, endpoint, relay, term(), elector()));
        web.MapPost(EventTypeReports.Path, context => ReportAsync(context, endpoint, relay, term(), elector()));
        web.MapPrometheusScrapingEndpoint("/metrics");
        web.MapGet("/healthz", () => Answer(Illness(term(), elector())));
        web.MapGet("/readyz", () => Answer(NotReady(term(), elector())));
        return web;
    }

    private static Task RoutingAsync(
        HttpContext context, RoutingEndpoint endpoint, LeaderRelay relay, OperatorTerm? term, LeaderElector? elector)
    {
        if (!endpoint.Admits(context))
        {
            return Task.CompletedTask;
        }

        if (term is not null)
        {
            if (term.EventTypes is not null)
            {
                context.Response.Headers[EventTypeReport.AskedBy] = EventTypeReports.Path[1..];
            }

            return endpoint.AnswerAsync(context, term.Routing);
        }

        return NotLeading(context, relay, elector);
    }

    private static Task ReportAsync(
        HttpContext context, RoutingEndpoint endpoint, LeaderRelay relay, OperatorTerm? term, LeaderElector? elector)
    {
        if (!endpoint.Admits(context))
        {
            return Task.CompletedTask;
        }

        if (term is null)
        {
            return NotLeading(context, relay, elector);
        }

        if (term.EventTypes is { } maker)
        {
            return EventTypeReports.AnswerAsync(context, maker);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static Task NotLeading(HttpContext context, LeaderRelay relay, LeaderElector? elector)
    {
        if (elector?.Leader is { } leader && !context.Request.Headers.ContainsKey(LeaderRelay.Header))
        {
            return relay.PassAsync(context, new Uri(leader, context.Request.Path));
        }

        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return Task.CompletedTask;
    }

    // The bus is no part of being alive: a restart would not mend it.
    private static string? Illness(OperatorTerm? term, LeaderElector? elector) =>
        term is not null && term.Silence > DeafAfter ? "a watch has not been heard of"
        : elector is { IsAlive: false } ? "the leader election has stopped"
        : null;

    // A standby that knows of the Lease is ready to take over: were it not Ready, no rolling update would go on.
    private static string? NotReady(OperatorTerm? term, LeaderElector? elector) =>
        term is not null ? (term.IsReady ? null : "not synced yet")
        : elector is { Seen.IsCompleted: true } ? null
        : "not started yet";

    private static IResult Answer(string? problem) => problem is null
        ? Results.Text("ok")
        : Results.Text(problem, statusCode: StatusCodes.Status503ServiceUnavailable);
}
