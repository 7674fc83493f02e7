// A subscriber of a test: a real HTTP server that keeps what it got and answers as told.
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.House;

internal sealed class Subscriber : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<Received> received = new();
    private readonly Func<HttpContext, int, Task> answer;
    private int count;

    private Subscriber(WebApplication app, Uri address, Func<HttpContext, int, Task> answer)
    {
        this.app = app;
        this.answer = answer;
        Address = address;
    }

    public Uri Address { get; }

    public IReadOnlyList<Received> Received => [.. received];

    /// <summary>Starts a server; <paramref name="answer"/> is given the request's number, counted from 1.</summary>
    public static async Task<Subscriber> StartAsync(Func<HttpContext, int, Task>? answer = null)
    {
        var port = FreePort.Next();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        var subscriber = new Subscriber(
            app, new($"http://127.0.0.1:{port}/"), answer ?? ((_, _) => Task.CompletedTask));
        app.Run(subscriber.HandleAsync);
        await app.StartAsync();
        return subscriber;
    }

    /// <summary>A subscriber that answers its n-th request with the n-th status, and the last one ever after.</summary>
    public static Task<Subscriber> StartAsync(params int[] statuses) => StartAsync((context, number) =>
    {
        context.Response.StatusCode = statuses[Math.Min(number, statuses.Length) - 1];
        return Task.CompletedTask;
    });

    public async ValueTask DisposeAsync()
    {
        // A subscriber that hangs would hold the stop up.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers.ToDictionary(
            pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        received.Enqueue(new(headers, body.ToArray()));
        await answer(context, Interlocked.Increment(ref count));
    }
}

internal sealed record Received(IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? Attribute(string name) => Headers.GetValueOrDefault("ce-" + name);
}
