// Brings the routing table from a URL by ETag and long poll.
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Azure.Identity;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Functions.Routing;

/// <summary>
/// The If-None-Match of each poll and the instance id tell the operator which table this instance has in force.
/// </summary>
internal sealed partial class HttpTableFeed(
    Uri address, string instance, HttpClient http, RoutingTables tables, ILogger<HttpTableFeed> logger) : ITableFeed
{
    /// <summary>Names this instance to the operator.</summary>
    public const string InstanceHeader = "X-Eventing-Instance";

    private const int WaitSeconds = 30;
    private const int MaxBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(WaitSeconds + 15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>Between two looks at a server that does not wait itself, such as blob storage.</summary>
    private static readonly TimeSpan OwnWait = TimeSpan.FromSeconds(2);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string? tag = null;
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            var (newTag, problem) = await PollAsync(tag, cancellationToken);
            var isNew = newTag != tag;
            tag = newTag;
            if (problem is null)
            {
                failures = 0;
                if (!isNew && Stopwatch.GetElapsedTime(began) < OwnWait)
                {
                    await tables.WaitForRefreshAsync(OwnWait, cancellationToken);
                }

                continue;
            }

            var pause = TimeSpan.FromSeconds(Math.Min(0.25 * (1 << Math.Min(failures, 10)), LongestPause.TotalSeconds));
            if (failures++ == 0)
            {
                Log.Unreachable(logger, address.GetLeftPart(UriPartial.Path), problem);
            }

            await tables.WaitForRefreshAsync(pause, cancellationToken);
        }
    }

    private async Task<(string? Tag, string? Problem)> PollAsync(string? tag, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(PollTimeout);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.TryAddWithoutValidation(InstanceHeader, instance);
        if (tag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
            request.Headers.TryAddWithoutValidation("Prefer", $"wait={WaitSeconds}");
        }

        try
        {
            using var response = await http.SendAsync(request, timeout.Token);
            if (response.StatusCode is HttpStatusCode.NotModified or HttpStatusCode.OK)
            {
                tables.ReportTypesTo = ReportAddress(response);
            }

            if (response.StatusCode == HttpStatusCode.NotModified)
            {
                return (tag, null);
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                return (tag, $"status {(int)response.StatusCode}");
            }

            var bytes = await response.Content.ReadAsByteArrayAsync(timeout.Token);
            if (!tables.Offer(bytes))
            {
                return (tag, "the answer is no table that can be used");
            }

            // Without an ETag there is nothing to wait on; look again after a pause.
            var newTag = response.Headers.ETag?.ToString();
            return (newTag, newTag is null ? "the answer has no ETag" : null);
        }
        catch (HttpRequestException e)
        {
            return (tag, e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (tag, "no answer in time");
        }
    }

    // Only where the table itself comes from: the token that goes with a report is for nobody else.
    private Uri? ReportAddress(HttpResponseMessage response) =>
        response.Headers.TryGetValues(EventTypeReport.AskedBy, out var values)
        && Uri.TryCreate(address, values.First(), out var asked)
        && asked.GetLeftPart(UriPartial.Authority) == address.GetLeftPart(UriPartial.Authority)
            ? asked
            : null;

    /// <summary>
    /// A client for polling: bounded answers, no redirects, the operator's token when there is one, for a blob the
    /// app's own identity.
    /// </summary>
    public static HttpClient CreateClient(Uri address, string? token)
    {
        var sockets = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        HttpMessageHandler handler = token is null && BlobIdentity.IsFor(address)
            ? new BlobIdentity(new DefaultAzureCredential(), sockets)
            : sockets;
        return new(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxBytes,
            DefaultRequestHeaders =
            {
                Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token),
            },
        };
    }

    private static partial class Log
    {
        [LoggerMessage(221, LogLevel.Warning, "Routing table {Address} cannot be had: {Problem}; trying again")]
        public static partial void Unreachable(ILogger logger, string address, string problem);
    }
}
