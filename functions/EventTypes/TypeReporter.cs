// Tells the operator, where it asks, which types of events came in.
using System.Net;
using System.Net.Http.Headers;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Routing;

namespace ServerlessEventing.Functions.EventTypes;

/// <summary>
/// Waits for the first new type, gathers more for a second, sends them as one report, and again until it is taken.
/// </summary>
internal sealed partial class TypeReporter(
    SeenTypes seen, RoutingTables tables, HttpClient http, TimeProvider time, ILogger<TypeReporter> logger)
    : BackgroundService
{
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>How long a reported type is not reported again.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var batch = new List<SeenEventType>();
        while (await seen.Waiting.WaitToReadAsync(cancellationToken))
        {
            await Task.Delay(Gathering, time, cancellationToken);
            batch.Clear();
            while (batch.Count < EventTypeReport.MaxTypes && seen.Waiting.TryRead(out var type))
            {
                batch.Add(type);
            }

            await ReportAsync(batch, cancellationToken);
            if (time.GetElapsedTime(began) > Memory)
            {
                seen.ForgetAll();
                began = time.GetTimestamp();
            }
        }
    }

    private async Task ReportAsync(List<SeenEventType> batch, CancellationToken cancellationToken)
    {
        var body = new EventTypeReport { Types = batch }.ToUtf8();
        var pause = Gathering;
        // Nobody asks any more: the operator was told to stop making EventTypes.
        while (tables.ReportTypesTo is { } address)
        {
            var problem = await SendAsync(address, body, cancellationToken);
            if (problem is null)
            {
                return;
            }

            if (pause == Gathering)
            {
                Log.NotReported(logger, batch.Count, address.GetLeftPart(UriPartial.Path), problem);
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task<string?> SendAsync(Uri address, byte[] body, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(AnswerWithin);
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ByteArrayContent(body)
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            },
        };
        try
        {
            using var answer = await http.SendAsync(request, timeout.Token);
            // What the operator cannot read now it will not read later either.
            return answer.IsSuccessStatusCode || answer.StatusCode
                is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.RequestEntityTooLarge
                ? null
                : $"status {(int)answer.StatusCode}";
        }
        catch (HttpRequestException failure)
        {
            return failure.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "no answer in time";
        }
    }

    private static partial class Log
    {
        [LoggerMessage(231, LogLevel.Warning,
            "{Count} new event types could not be reported to {Address}: {Problem}; trying again")]
        public static partial void NotReported(ILogger logger, int count, string address, string problem);
    }
}
