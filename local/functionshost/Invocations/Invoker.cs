// Calls a function of the handler: POST /{FunctionName}, and judges the answer as the real host does.
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.FunctionsHost.Handler;

namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>
/// 2xx with parsable JSON is success and everything else failure. The real host hangs on an empty 2xx until
/// functionTimeout; here that is a failure at once, loudly told. Over the time limit the handler itself is ended,
/// as in the real host, and every other invocation in flight fails with it.
/// </summary>
internal sealed partial class Invoker(
    HandlerSupervisor handler, TimeSpan? functionTimeout, TimeProvider time, ILogger logger) : IDisposable
{
    private const int ConnectTries = 10;
    private const int LargestAnswer = 10 * 1024 * 1024;

    /// <summary>A handler whose connections break has as a rule just died; its end is known a moment later.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(1);

    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = true,
        ActivityHeadersPropagator = null,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90),
    });

    public async Task<InvocationResult> InvokeAsync(
        string function, Guid invocationId, ReadOnlyMemory<byte> envelope, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var process = await handler.ReadyAsync(cancellationToken);
                var result = await TryAsync(process, function, invocationId, envelope, cancellationToken);
                if (result is not null)
                {
                    return result.Value;
                }

                // Refused: the handler has just ended and nothing was sent, so the next one gets it.
                if (attempt == ConnectTries)
                {
                    return new("the handler refuses connections");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(25 * attempt), time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return new("the host is stopping");
            }
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>One try; null when the connection was refused.</summary>
    private async Task<InvocationResult?> TryAsync(
        HandlerProcess process,
        string function,
        Guid invocationId,
        ReadOnlyMemory<byte> envelope,
        CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(functionTimeout ?? Timeout.InfiniteTimeSpan, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(process.Address, function))
            {
                Content = new EnvelopeContent(envelope),
            };
            request.Headers.TryAddWithoutValidation("User-Agent", InvocationHeaders.UserAgent);
            request.Headers.TryAddWithoutValidation(InvocationHeaders.HostVersion, InvocationHeaders.Version);
            request.Headers.TryAddWithoutValidation(InvocationHeaders.InvocationId, invocationId.ToString());
            using var response = await http.SendAsync(request, both.Token);
            return await JudgeAsync(function, response, both.Token);
        }
        catch (HttpRequestException refused) when (refused.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return null;
        }
        catch (HttpRequestException broken)
        {
            await EndAsync(process, cancellationToken);
            return new InvocationResult($"the handler did not answer: {broken.Message}");
        }
        catch (IOException broken)
        {
            await EndAsync(process, cancellationToken);
            return new InvocationResult($"the handler broke off its answer: {broken.Message}");
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            var reason = $"{function} took longer than functionTimeout ({functionTimeout})";
            handler.Restart(process, reason);
            await EndAsync(process, cancellationToken);
            return new InvocationResult(reason);
        }
    }

    /// <summary>
    /// Holds a failure back until the handler has ended, if it is ending: the message, abandoned at once, would come
    /// again to the same dying handler, and that delivery would count though no handler ever saw it.
    /// </summary>
    private Task EndAsync(HandlerProcess process, CancellationToken cancellationToken) =>
        Task.WhenAny(process.Exited, Task.Delay(LongestEnd, time, cancellationToken));

    private async Task<InvocationResult> JudgeAsync(
        string function, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            return new($"the handler answered {(int)response.StatusCode}");
        }

        await response.Content.LoadIntoBufferAsync(LargestAnswer, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (body.Length == 0)
        {
            Log.EmptyAnswer(logger, function, (int)response.StatusCode);
            return new($"the handler answered {(int)response.StatusCode} with an empty body");
        }

        if (response.Content.Headers.ContentType?.MediaType is not ("application/json" or "text/json"))
        {
            return new($"the handler answered {response.Content.Headers.ContentType}, not application/json");
        }

        try
        {
            WriteLogs(function, body);
            return InvocationResult.Success;
        }
        catch (JsonException wrong)
        {
            return new($"the handler's answer is not JSON: {wrong.Message}");
        }
    }

    /// <summary>
    /// Parses the answer and writes its <c>Logs</c>; outputs have nowhere to go, as no binding is allowed.
    /// </summary>
    private void WriteLogs(string function, byte[] body)
    {
        using var answer = JsonDocument.Parse(body);
        if (answer.RootElement.ValueKind != JsonValueKind.Object
            || !answer.RootElement.TryGetProperty("Logs", out var lines)
            || lines.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        foreach (var line in lines.EnumerateArray())
        {
            Log.UserLine(logger, function, line.ToString());
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Function} was answered {Status} with an empty body. The real host hangs on "
            + "this until functionTimeout: answer JSON, such as {{}}.")]
        public static partial void EmptyAnswer(ILogger logger, string function, int status);

        [LoggerMessage(2, LogLevel.Information, "{Function}: {Line}")]
        public static partial void UserLine(ILogger logger, string function, string line);
    }
}
