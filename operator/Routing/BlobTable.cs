// Puts each published table into a blob, for functions that cannot reach the operator.
using System.Net.Http.Headers;
using Azure.Core;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Operator.Routing;

/// <summary>
/// <code>
///   a table is published ─► PUT, as the newest then is ─► the next one
///                             │ refused or no answer
///                             └── again, after 1 s to 30 s
/// </code>
/// Only who leads writes. Functions look every two seconds and never take a lower generation. An address with a SAS
/// needs nothing else; any other is written with the operator's Microsoft Entra identity. Source: "Put Blob" of the
/// Blob service REST API.
/// </summary>
public sealed partial class BlobTable(
    Uri blob, TokenCredential? identity, HttpClient http, RoutingPublisher publisher, TimeProvider time, ILogger logger)
{
    private const string ApiVersion = "2021-12-02";

    private static readonly TokenRequestContext Storage = new(["https://storage.azure.com/.default"]);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Whether an address carries its own permission.</summary>
    public static bool HasSignature(Uri blob) => blob.Query.Contains("sig=", StringComparison.Ordinal);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await publisher.First.WaitAsync(cancellationToken);
            var pause = FirstPause;
            while (true)
            {
                var table = publisher.Current!;
                if (await PutAsync(table.Snapshot, cancellationToken) is { } problem)
                {
                    Log.NotWritten(logger, table.Snapshot.Generation, blob.GetLeftPart(UriPartial.Path), problem);
                    await Task.Delay(pause, time, cancellationToken);
                    pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                    continue;
                }

                pause = FirstPause;
                await table.Superseded.WaitAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task<string?> PutAsync(RoutingSnapshot table, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, blob)
        {
            Content = new StreamContent(table.Open())
            {
                Headers =
                {
                    ContentType = new MediaTypeHeaderValue("application/json"),
                    ContentLength = table.Length,
                },
            },
        };
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        request.Headers.Add("x-ms-version", ApiVersion);
        try
        {
            if (identity is not null)
            {
                var token = await identity.GetTokenAsync(Storage, cancellationToken);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);
            }

            using var answer = await http.SendAsync(request, cancellationToken);
            return answer.IsSuccessStatusCode ? null : $"status {(int)answer.StatusCode}";
        }
        catch (Exception error) when (error is HttpRequestException or Azure.RequestFailedException
            or Azure.Identity.AuthenticationFailedException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return error.Message;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning,
            Message = "Routing table {Generation} could not be written to {Blob}: {Why}; trying again")]
        public static partial void NotWritten(ILogger logger, long generation, string blob, string why);
    }
}
