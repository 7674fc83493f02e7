// Stands between the operator and the bus's management endpoint: counts, passes on, and refuses when told to.
using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>A real server, so that connections, headers and waits are real too.</summary>
internal sealed class ManagementGate : IAsyncDisposable
{
    private const string Conflict =
        "<Error><Code>409</Code><Detail>SubCode=40901. Another conflicting operation is in progress.</Detail></Error>";

    private readonly WebApplication _web;
    private readonly HttpClient _http = new();
    private readonly ConcurrentDictionary<string, int> _writing = new(StringComparer.OrdinalIgnoreCase);
    private int _inFlight;
    private int _most;
    private int _mostOfOneTopic;
    private int _refused;
    private int _writes;

    private ManagementGate(WebApplication web) => _web = web;

    /// <summary>Every request is answered 429 while this is set.</summary>
    public volatile bool IsThrottling;

    /// <summary>Each so many writes one is answered 409, as if another were under way; 0: none.</summary>
    public int ConflictEvery { get; set; }

    public int Refused => Volatile.Read(ref _refused);

    /// <summary>The most requests there were at once.</summary>
    public int Most => Volatile.Read(ref _most);

    /// <summary>The most writes there were at once of one topic, its bus subscriptions and their rules.</summary>
    public int MostOfOneTopic => Volatile.Read(ref _mostOfOneTopic);

    /// <summary>What the operator has to be given to come through here.</summary>
    public required string Connection { get; init; }

    public static async Task<ManagementGate> StartAsync(string connection)
    {
        var behind = new Uri(connection.Split(';')[0]["Endpoint=".Length..]);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddRouting();
        var web = builder.Build();
        web.Urls.Add("http://127.0.0.1:0");
        ManagementGate? gate = null;
        web.Run(context => gate!.AnswerAsync(context, new UriBuilder("http", behind.Host, behind.Port).Uri));
        await web.StartAsync();
        var port = new Uri(web.Urls.First()).Port;
        return gate = new ManagementGate(web)
        {
            Connection = connection.Replace($":{behind.Port}", $":{port}", StringComparison.Ordinal),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _http.Dispose();
    }

    private async Task AnswerAsync(HttpContext context, Uri behind)
    {
        var topic = context.Request.Path.Value!.Split('/')[1];
        var isWrite = !HttpMethods.IsGet(context.Request.Method);
        Raise(ref _most, Interlocked.Increment(ref _inFlight));
        if (isWrite)
        {
            Raise(ref _mostOfOneTopic, _writing.AddOrUpdate(topic, 1, (_, now) => now + 1));
        }

        try
        {
            if (IsThrottling)
            {
                Interlocked.Increment(ref _refused);
                context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                return;
            }

            if (isWrite && ConflictEvery > 0 && Interlocked.Increment(ref _writes) % ConflictEvery == 0)
            {
                Interlocked.Increment(ref _refused);
                context.Response.StatusCode = StatusCodes.Status409Conflict;
                await context.Response.WriteAsync(Conflict);
                return;
            }

            await PassAsync(context, behind);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
            if (isWrite)
            {
                _writing.AddOrUpdate(topic, 0, (_, now) => now - 1);
            }
        }
    }

    private async Task PassAsync(HttpContext context, Uri behind)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method),
            new Uri(behind, context.Request.Path.ToUriComponent() + context.Request.QueryString));
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        request.Content = body.Length > 0 ? new ByteArrayContent(body.ToArray()) : null;
        foreach (var (name, value) in context.Request.Headers)
        {
            if (name is not "Host" and not "Content-Length"
                && !request.Headers.TryAddWithoutValidation(name, value.ToArray()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value.ToArray());
            }
        }

        using var answer = await _http.SendAsync(request);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        if (answer.StatusCode != HttpStatusCode.NoContent)
        {
            await answer.Content.CopyToAsync(context.Response.Body);
        }
    }

    private static void Raise(ref int most, int now)
    {
        for (var seen = most; now > seen; seen = most)
        {
            Interlocked.CompareExchange(ref most, now, seen);
        }
    }
}
