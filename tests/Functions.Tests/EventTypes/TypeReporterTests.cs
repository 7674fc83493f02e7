// Tests of how the functions tell which types of events came in: when asked, once each, bounded, until it is taken.
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.EventTypes;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.EventTypes;

public sealed class TypeReporterTests : IAsyncLifetime
{
    private static readonly Contract.Routing.Ingress Broker = new()
    {
        Uid = "b1", Kind = IngressKind.Broker, Namespace = "ns", Name = "default", Path = "/ns/default", Topic = "t",
    };

    private readonly RoutingTables tables = new(NullLogger<RoutingTables>.Instance);
    private readonly ConcurrentQueue<EventTypeReport> reports = new();
    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient http = new();
    private SeenTypes seen = null!;
    private WebApplication server = null!;
    private Task feeding = Task.CompletedTask;
    private TypeReporter reporter = null!;
    private volatile string? asks = "types";
    private int refusals;

    public async ValueTask InitializeAsync()
    {
        seen = new SeenTypes(tables);
        var port = FreePort.Next();
        server = Serve(port);
        await server.StartAsync();
        var table = $"http://127.0.0.1:{port}/routing";
        feeding = TableFeeds.For(table, "i", tables, NullLoggerFactory.Instance).RunAsync(stop.Token);
        reporter = new TypeReporter(seen, tables, http, TimeProvider.System, NullLogger<TypeReporter>.Instance);
        await reporter.StartAsync(stop.Token);
        await Eventually.True(() => tables.Current is not null, "the first table");
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await reporter.StopAsync(CancellationToken.None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => feeding);
        await server.DisposeAsync();
        reporter.Dispose();
        http.Dispose();
        stop.Dispose();
    }

    [Fact]
    public async Task Types_SeenAgainAndAgain_AreReportedOnceEach()
    {
        for (var n = 0; n < 50; n++)
        {
            See("a", "/1");
            See("a", "/2");
            See("b", "/1");
        }

        await Eventually.True(() => Told.Count >= 3, "three reported");
        See("last", "/1");
        await Eventually.True(() => Told.Any(told => told.Type == "last"), "the last is reported");
        Assert.Equal(
            ["a /1", "a /2", "b /1", "last /1"], Told.Select(told => $"{told.Type} {told.Source}").Order());
        Assert.All(Told, told => Assert.Equal("b1", told.Ingress));
    }

    [Fact]
    public async Task Report_Refused_IsSentAgainUntilItIsTaken()
    {
        Volatile.Write(ref refusals, 2);
        See("a", "/1", schema: "http://schema.example/a");
        await Eventually.True(() => Told.Count == 1, "it is taken at last");
        Assert.Equal("http://schema.example/a", Told.Single().Schema);
        Assert.Equal(0, Volatile.Read(ref refusals));
    }

    [Fact]
    public async Task Operator_ThatDoesNotAsk_IsToldNothing()
    {
        asks = null;
        await Eventually.True(() => tables.ReportTypesTo is null, "nobody asks");
        See("before", "/1");
        asks = "types";
        await Eventually.True(() => tables.ReportTypesTo is not null, "somebody asks");
        See("after", "/1");
        await Eventually.True(() => Told.Count > 0, "what came after is reported");
        Assert.Equal("after", Told.Single().Type);
    }

    [Fact]
    public async Task Operator_ThatAsksForAnotherHost_IsNotFollowed()
    {
        asks = "http://elsewhere.example/types";
        await Eventually.True(() => tables.ReportTypesTo is null, "the token stays with who serves the table");
    }

    [Fact]
    public async Task Types_WithoutEnd_AreBoundedAndReportedInBatches()
    {
        for (var n = 0; n < SeenTypes.MaxRemembered * 2; n++)
        {
            See("a", $"/{n}");
        }

        await Eventually.True(() => Told.Count >= 200, "two batches");
        Assert.All(reports, report => Assert.InRange(report.Types.Count, 1, EventTypeReport.MaxTypes));
        Assert.InRange(Told.Count, 1, SeenTypes.MaxRemembered);
        Assert.Equal(Told.Count, Told.Distinct().Count());
    }

    private IReadOnlyList<SeenEventType> Told => [.. reports.SelectMany(report => report.Types)];

    private void See(string type, string source, string? schema = null)
    {
        List<EventAttribute> attributes =
        [
            new(AttributeName.SpecVersion, "1.0"), new(AttributeName.Id, "1"), new(AttributeName.Type, type),
            new(AttributeName.Source, source),
        ];
        if (schema is not null)
        {
            attributes.Add(new(AttributeName.DataSchema, schema));
        }

        Assert.True(CloudEvent.TryCreate(attributes, default, out var cloudEvent, out _));
        seen.Saw(Broker, cloudEvent);
    }

    private WebApplication Serve(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        app.Run(AnswerAsync);
        return app;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (HttpMethods.IsGet(context.Request.Method))
        {
            if (asks is { } where)
            {
                context.Response.Headers[EventTypeReport.AskedBy] = where;
            }

            // A server that does not wait: the feed looks again by itself.
            context.Response.Headers.ETag = "\"1\"";
            await context.Response.Body.WriteAsync(RoutingTableJson.Serialize(new RoutingTable { Generation = 1 }));
            return;
        }

        if (Volatile.Read(ref refusals) > 0)
        {
            Interlocked.Decrement(ref refusals);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        Assert.Equal("/types", context.Request.Path);
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        reports.Enqueue(EventTypeReport.FromUtf8(body.ToArray())!);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }
}
