// A sink of a test: keeps the CloudEvents it got, in order, and answers as told.
using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.Sources;

internal sealed class EventSink : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<SunkEvent> taken = new();
    private readonly int[] statuses;
    private int requests;

    private EventSink(WebApplication app, Uri address, int[] statuses)
    {
        this.app = app;
        this.statuses = statuses;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>Requests, those answered with a failure among them.</summary>
    public int Requests => Volatile.Read(ref requests);

    /// <summary>The events that were taken.</summary>
    public IReadOnlyList<SunkEvent> Taken => [.. taken];

    /// <summary>Answers its first requests with these statuses, and 202 ever after.</summary>
    public static async Task<EventSink> StartAsync(params int[] statuses)
    {
        var port = FreePort.Next();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        var sink = new EventSink(app, new($"http://127.0.0.1:{port}/"), statuses);
        app.Run(sink.HandleAsync);
        await app.StartAsync();
        return sink;
    }

    /// <summary>The events about one object, as their last part of the type.</summary>
    public IEnumerable<string> ChangesOf(string name) => Taken
        .Where(item => item.Subject.EndsWith("/" + name, StringComparison.Ordinal))
        .Select(item => item.Type[(item.Type.LastIndexOf('.') + 1)..]);

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var number = Interlocked.Increment(ref requests);
        context.Response.StatusCode = number <= statuses.Length ? statuses[number - 1] : 202;
        var headers = context.Request.Headers
            .ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        using var body = new StreamReader(context.Request.Body);
        var data = JsonNode.Parse(await body.ReadToEndAsync());
        if (context.Response.StatusCode == 202)
        {
            taken.Enqueue(new SunkEvent(headers, data));
        }
    }
}

internal sealed record SunkEvent(IReadOnlyDictionary<string, string> Headers, JsonNode? Data)
{
    public string Type => Headers["ce-type"];

    public string Subject => Headers["ce-subject"];
}
