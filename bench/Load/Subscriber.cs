// The subscriber that the events end at: counts deliveries, the doubles among them, and how long each was under way.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ServerlessEventing.Bench.Load;

/// <summary>An HTTP server on loopback; deliveries of other runs than the one under way are ignored.</summary>
internal sealed class Subscriber : IAsyncDisposable
{
    private readonly WebApplication web;
    private volatile Tally? tally;

    private Subscriber(WebApplication web, int port)
    {
        this.web = web;
        Address = new Uri($"http://127.0.0.1:{port}/");
        web.Run(ReceiveAsync);
    }

    public Uri Address { get; }

    public static async Task<Subscriber> StartAsync(int port, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var subscriber = new Subscriber(builder.Build(), port);
        await subscriber.web.StartAsync(cancellationToken);
        return subscriber;
    }

    /// <summary>Starts counting the deliveries of a run.</summary>
    public Tally Expect(int run, int count)
    {
        var expected = new Tally(run, count);
        tally = expected;
        return expected;
    }

    public ValueTask DisposeAsync() => web.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        var now = Stopwatch.GetTimestamp();
        var headers = context.Request.Headers;
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        if (tally is { } current
            && Number(headers[BenchEvent.RunHeader], out var run) && run == current.Run
            && Number(headers[BenchEvent.NumberHeader], out var number) && number < current.Count
            && Number(headers[BenchEvent.SentHeader], out var sent))
        {
            current.Add((int)number, Stopwatch.GetElapsedTime(sent, now).TotalMilliseconds);
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static bool Number(string? text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
