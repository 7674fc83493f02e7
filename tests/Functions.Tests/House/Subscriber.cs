// A subscriber of a test: a real HTTP server that keeps what it got and answers as told.
using System.Collections.Concurrent;
using System.Diagnostics;
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
    private readonly bool keeps;
    private int count;

    private Subscriber(WebApplication app, Uri address, Func<HttpContext, int, Task> answer, bool keeps)
    {
        this.keeps = keeps;
        this.app = app;
        this.answer = answer;
        Address = address;
    }

    public Uri Address { get; }

    public IReadOnlyList<Received> Received => [.. received];

    /// <summary>
    /// Starts a server; <paramref name="answer"/> is given the request's number, counted from 1. One that does not keep
    /// what it gets has no <see cref="Received"/>.
    /// </summary>
    public static async Task<Subscriber> StartAsync(Func<HttpContext, int, Task>? answer = null, bool keeps = true)
    {
        var port = FreePort.Next();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        var subscriber = new Subscriber(
            app, new($"http://127.0.0.1:{port}/"), answer ?? ((_, _) => Task.CompletedTask), keeps);
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

    /// <summary>Answers with an event of this type.</summary>
    public static Task ReplyAsync(HttpContext context, string type, string data = "answer")
    {
        context.Response.Headers["ce-specversion"] = "1.0";
        context.Response.Headers["ce-id"] = "reply-of-" + context.Request.Headers["ce-id"];
        context.Response.Headers["ce-type"] = type;
        context.Response.Headers["ce-source"] = "/subscriber";
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(data);
    }

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
        if (keeps)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var headers = context.Request.Headers.ToDictionary(
                pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            received.Enqueue(new(context.Request.Path, headers, body.ToArray(), Stopwatch.GetTimestamp()));
        }

        await answer(context, Interlocked.Increment(ref count));
    }
}

internal sealed record Received(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body, long At)
{
    public string? Attribute(string name) => Headers.GetValueOrDefault("ce-" + name);
}
