// Forwards an HTTP function's request to the handler, streaming both ways (the contract's proxy mode).
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.FunctionsHost.Handler;
using Yarp.ReverseProxy.Forwarder;

namespace ServerlessEventing.Local.FunctionsHost.Http;

/// <summary>The proxy in front of the handler.</summary>
internal sealed partial class HandlerProxy(
    IHttpForwarder forwarder, HandlerSupervisor handler, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>A handler that has just ended refuses connections until the next one listens.</summary>
    private const int ConnectTries = 10;

    private static readonly TimeSpan LongestConnectDelay = TimeSpan.FromMilliseconds(250);

    private static readonly ForwarderRequestConfig Config = new()
    {
        ActivityTimeout = TimeSpan.FromSeconds(240),
        Version = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = System.Net.DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(15),
    });

    public async Task ForwardAsync(HttpContext context)
    {
        HandlerProcess? refusedBy = null;
        for (var attempt = 1; ; attempt++)
        {
            var process = await ReadyAsync(context);
            if (process is null)
            {
                return;
            }

            var error = await forwarder.SendAsync(
                context, $"http://127.0.0.1:{process.Port}", http, Config, ProxyTransformer.Instance);
            if (error == ForwarderError.None)
            {
                return;
            }

            // A request that every new handler dies of is refused too, on the client's own second connection:
            // so one that has been through two processes is not tried on a third.
            var failure = context.GetForwarderErrorFeature()?.Exception;
            var isSecondProcess = refusedBy is not null && refusedBy != process;
            if (attempt == ConnectTries || isSecondProcess || context.Response.HasStarted || !WasRefused(failure))
            {
                Log.Failed(logger, context.Request.Method, context.Request.Path, error, failure?.Message);
                return;
            }

            // The connection was refused, so nothing of the body has been read yet and the request can go again.
            refusedBy = process;
            context.Response.StatusCode = StatusCodes.Status200OK;
            var delay = TimeSpan.FromMilliseconds(50 * attempt);
            await Task.Delay(
                delay < LongestConnectDelay ? delay : LongestConnectDelay, time, context.RequestAborted);
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>
    /// The handler, waited for while it starts; null once the host is stopping (503 is then answered).
    /// </summary>
    private async Task<HandlerProcess?> ReadyAsync(HttpContext context)
    {
        try
        {
            return await handler.ReadyAsync(context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return null;
        }
    }

    private static bool WasRefused(Exception? failure) =>
        failure is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Method} {Path} did not reach the handler: {Error}, {Reason}")]
        public static partial void Failed(
            ILogger logger, string method, string path, ForwarderError error, string? reason);
    }
}
