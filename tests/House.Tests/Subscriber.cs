// A subscriber outside the house, with a ledger of its own.
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.House.Tests;

/// <summary>Counts each event id it accepts; can be told how to answer.</summary>
internal sealed class Subscriber : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, int> seen = new();
    private readonly Func<HttpContext, Task<int>> answer;

    private Subscriber(Func<HttpContext, Task<int>> answer)
    {
        this.answer = answer;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(AcceptAsync);
    }

    public Uri Uri { get; private set; } = null!;

    /// <summary>How often each id was accepted.</summary>
    public IReadOnlyDictionary<string, int> Seen => seen;

    public int Deliveries => seen.Values.Sum();

    public static Task<Subscriber> StartAsync(int status = 202) => StartAsync(_ => Task.FromResult(status));

    /// <param name="answer">The status; it may have written the whole answer itself.</param>
    public static async Task<Subscriber> StartAsync(Func<HttpContext, Task<int>> answer)
    {
        var subscriber = new Subscriber(answer);
        await subscriber.app.StartAsync();
        subscriber.Uri = new Uri(subscriber.app.Urls.First());
        return subscriber;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AcceptAsync(HttpContext context)
    {
        var status = await answer(context);
        if (status < 300)
        {
            seen.AddOrUpdate(context.Request.Headers["ce-id"].ToString(), 1, (_, count) => count + 1);
        }

        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = status;
        }
    }
}
