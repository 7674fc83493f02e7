// A subscriber that prints the CloudEvents it gets and keeps a ledger of them; it can also fail, refuse and reply.
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Cli.Subscribers;

/// <summary>
/// Knative's event-display, with a ledger. It understands binary and structured CloudEvents and accepts on any path.
/// </summary>
internal sealed class EventDisplay : IAsyncDisposable
{
    private const int MaxShownData = 2000;
    private const int MaxRemembered = 100_000;

    private readonly WebApplication app;
    private readonly EventDisplayOptions options;
    private readonly Action<string> print;
    private readonly TimeProvider time;
    private readonly Ledger? ledger;
    private readonly ConcurrentDictionary<string, int> failures = new();

    private EventDisplay(EventDisplayOptions options, Action<string> print, TimeProvider time)
    {
        this.options = options;
        this.print = print;
        this.time = time;
        ledger = options.Ledger is null ? null : new Ledger(options.Ledger);

        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, options.Port));
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

        if (options.Refuse)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            await context.Response.WriteAsync("event-display was told to refuse.\n");
        }
        else if (options.Fail > 0 && CountFailure(received) <= options.Fail)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await context.Response.WriteAsync("event-display was told to fail first.\n");
        }
        else
        {
            Accept(received);
            await ReplyAsync(context, received);
        }
    }

    private int CountFailure(ReceivedEvent received)
    {
        if (failures.Count >= MaxRemembered)
        {
            failures.Clear();
        }

        return failures.AddOrUpdate($"{received.Source}\0{received.Id}", 1, (_, count) => count + 1);
    }

    private void Accept(ReceivedEvent received)
    {
        ledger?.Append(new LedgerEntry(
            received.Id, received.Type, received.Source, received.Attributes.GetValueOrDefault("subject"),
            time.GetUtcNow()));
        print(Describe(received));
    }

    private async Task ReplyAsync(HttpContext context, ReceivedEvent received)
    {
        if (options.Reply is null)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
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

    private static string Describe(ReceivedEvent received)
    {
        var text = new StringBuilder("☁️  cloudevents.Event\nContext Attributes,\n");
        foreach (var (name, value) in received.Attributes)
        {
            text.Append($"  {name}: {Output.Terminal.Printable(value)}\n");
        }

        if (received.Data.Length > 0)
        {
            var shown = Encoding.UTF8.GetString(received.Data.AsSpan(0, Math.Min(received.Data.Length, MaxShownData)));
            text.Append($"Data,\n  {Output.Terminal.Printable(shown, MaxShownData)}\n");
        }

        return text.ToString();
    }
}
