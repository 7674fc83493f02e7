// Passes what a standby is asked on to the leader, the only one that knows what instances have loaded.
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Routing;

namespace ServerlessEventing.Operator.Leadership;

/// <summary>
/// A Service spreads polls over all replicas. Were a standby to answer from the saved table, the leader would not know
/// of that instance, and Ready would no longer mean that every instance has the table.
/// </summary>
public sealed class LeaderRelay : IDisposable
{
    private static readonly string[] Passed =
        ["If-None-Match", "Prefer", "Authorization", "Accept-Encoding", RoutingEndpoint.InstanceHeader];

    /// <summary>Marks a poll that was passed on: two replicas may each think that the other leads.</summary>
    public const string Header = "X-Eventing-Relayed";

    // Longer than the longest poll.
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
    })
    {
        Timeout = TimeSpan.FromSeconds(150),
    };

    public async Task PassAsync(HttpContext context, Uri leader)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), leader);
        request.Headers.TryAddWithoutValidation(Header, "1");
        foreach (var name in Passed)
        {
            if (context.Request.Headers.TryGetValue(name, out var values))
            {
                request.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values!);
            }
        }

        if (context.Request.ContentLength is > 0 and <= EventTypeReport.MaxBytes and var length)
        {
            request.Content = new StreamContent(context.Request.Body) { Headers = { ContentLength = length } };
        }

        try
        {
            using var answer = await _client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            {
                if (name is EventTypeReport.AskedBy or "ETag" or "Cache-Control" or "Content-Type"
                    or "Content-Encoding" or "WWW-Authenticate")
                {
                    context.Response.Headers[name] = values.ToArray();
                }
            }

            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (HttpRequestException) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
        catch (OperationCanceledException)
        {
            // The poller hung up, or the leader took too long: it will ask again.
        }
    }

    public void Dispose() => _client.Dispose();
}
