// A subscriber that prints the CloudEvents it gets and keeps a ledger of them; it can also fail, refuse and reply.
using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ServerlessEventing.Cli.Subscribers;

/// <summary>
/// Knative's event-display, with a ledger. It understands binary and structured CloudEvents and accepts on any path.
/// </summary>
internal sealed class EventDisplay : IAsyncDisposable
{
    private const int MaxRemembered = 100_000;

    private readonly WebApplication app;
    private readonly EventDisplayOptions options;
    private readonly Action<string> print;
    private readonly TimeProvider time;
    private readonly Ledger? ledger;
    private readonly ConcurrentDictionary<string, int> tries = new();

    private EventDisplay(EventDisplayOptions options, Action<string> print, TimeProvider time)
    {
        this.options = options;
        this.print = print;
        this.time = time;
        ledger = options.Ledger is null ? null : new Ledger(options.Ledger);

        // Nothing but Kestrel: there may be many of these, and each is to be up at once.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, options.Port));
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    /// <summary>The port it listens on.</summary>
    public int Port { get; private set; }

    public static async Task<EventDisplay> StartAsync(
        EventDisplayOptions options, Action<string> print, TimeProvider time, CancellationToken cancellationToken)
    {
        var display = new EventDisplay(options, print, time);
        await display.app.StartAsync(cancellationToken);
        display.Port = new Uri(display.app.Urls.First()).Port;
        return display;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        ledger?.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var received = await ReceivedEvent.ReadAsync(context.Request);
        if (received is null)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync("Not a CloudEvent: ce-id, ce-type and ce-source are needed.\n");
            return;
        }

        if (options.Delay > TimeSpan.Zero)
        {
            await Task.Delay(options.Delay, time, context.RequestAborted);
        }

        var status = options.Answers[Math.Min(CountTry(received), options.Answers.Count) - 1];
        if (status is < 200 or > 299)
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync($"event-display was told to answer {status}.\n");
            return;
        }

        Accept(received);
        await ReplyAsync(context, received, status);
    }

    // Which try of the event this is, from 1. Not counted where all are answered alike.
    private int CountTry(ReceivedEvent received)
    {
        if (options.Answers.Count == 1)
        {
            return 1;
        }

        if (tries.Count >= MaxRemembered)
        {
            tries.Clear();
        }

        return tries.AddOrUpdate($"{received.Source}\0{received.Id}", 1, (_, count) => count + 1);
    }

    private void Accept(ReceivedEvent received)
    {
        ledger?.Append(new LedgerEntry(
            received.Id, received.Type, received.Source, received.Attributes.GetValueOrDefault("subject"),
            time.GetUtcNow()));
        print(EventText.Of(received));
    }

    private async Task ReplyAsync(HttpContext context, ReceivedEvent received, int status)
    {
        if (options.Reply is null)
        {
            context.Response.StatusCode = status;
            return;
        }

        var headers = context.Response.Headers;
        headers["ce-specversion"] = "1.0";
        headers["ce-id"] = $"reply-to-{received.Id}";
        headers["ce-type"] = options.Reply;
        headers["ce-source"] = "/event-display";
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(
            JsonSerializer.SerializeToUtf8Bytes(received.Id, LedgerContext.Default.String), context.RequestAborted);
    }
}
