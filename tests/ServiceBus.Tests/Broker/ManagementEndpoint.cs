// An HTTP server that answers management requests as a test tells it to, and keeps what it was asked.
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.ServiceBus.Tests.Broker;

/// <summary>One request after another gets the next answer; the last answer is given for ever.</summary>
internal sealed class ManagementEndpoint : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly ConcurrentQueue<Answer> answers = new();
    private Answer last = new(200, "");

    private ManagementEndpoint(WebApplication application) => this.application = application;

    public ConcurrentQueue<Request> Requests { get; } = new();

    public string ConnectionString { get; private set; } = "";

    public static async Task<ManagementEndpoint> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        var endpoint = new ManagementEndpoint(application);
        application.Run(endpoint.HandleAsync);
        await application.StartAsync();
        var address = new Uri(application.Urls.First());
        endpoint.ConnectionString = $"Endpoint=sb://127.0.0.1:{address.Port};SharedAccessKeyName=Root;"
            + "SharedAccessKey=a2V5;UseDevelopmentEmulator=true";
        return endpoint;
    }

    public void Then(int status, string body, string? retryAfter = null) =>
        answers.Enqueue(new(status, body, retryAfter));

    public static string Entry(string title, string description) =>
        $"""
        <entry xmlns="http://www.w3.org/2005/Atom"><id>http://host/{title}</id><title type="text">{title}</title>
        <content type="application/xml">{description}</content></entry>
        """;

    public static string Feed(IEnumerable<string> entries) =>
        $"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Queues</title>{string.Concat(entries)}</feed>""";

    public static string Description(string name, string content = "") =>
        $"""<{name} xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect">{content}</{name}>""";

    public ValueTask DisposeAsync() => application.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        Requests.Enqueue(new(
            context.Request.Method,
            context.Request.Path + context.Request.QueryString,
            context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            await reader.ReadToEndAsync()));
        if (answers.TryDequeue(out var answer))
        {
            last = answer;
        }

        context.Response.StatusCode = last.Status;
        if (last.RetryAfter is { } retryAfter)
        {
            context.Response.Headers.RetryAfter = retryAfter;
        }

        await context.Response.WriteAsync(last.Body);
    }

    internal sealed record Request(string Method, string Target, Dictionary<string, string> Headers, string Body);

    private sealed record Answer(int Status, string Body, string? RetryAfter = null);
}
