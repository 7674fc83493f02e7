// The door for the Azure Functions host: HTTP as it is proxied, Service Bus messages as posted invocations.
using System.Buffers;
using Microsoft.Extensions.Primitives;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.Functions.Ingress;
using ServerlessEventing.Functions.Sources;

namespace ServerlessEventing.Functions.Doors;

/// <summary>
/// The custom handler contract. The host completes a message on 2xx with a JSON body and abandons it on anything else;
/// a 2xx without a body would hang it, so every answer here has one.
/// <code>
///   GET /, no forwarding headers ──────► 200                the host asks whether we listen
///   /readyz /healthz ──────────────────► 200
///   POST /{FunctionName} ──────────────► dispatch, or plan  with forwarding headers: a client, 404
///   POST /{name of an HTTP function} ──► the host does not proxy: said loudly, nothing taken
///   /triggers/{ns}/{name}/{uid} ───────► one subscriber
///   everything else ───────────────────► ingress            by the host name the client used
/// </code>
/// </summary>
internal sealed partial class HostDoor(
    EventIngress ingress,
    TriggerAddress triggers,
    Dispatcher dispatcher,
    CronPlanner planner,
    Health health,
    ILogger<HostDoor> logger)
{
    private const int FirstChunk = 8 * 1024;

    private static readonly ReadOnlyMemory<byte> Succeeded =
        "{\"Outputs\":{},\"Logs\":null,\"ReturnValue\":null}"u8.ToArray();

    public Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value is { Length: > 0 } given ? given : "/";
        var proxied = IsProxied(context.Request.Headers);
        if (path == "/" && !proxied && HttpMethods.IsGet(context.Request.Method))
        {
            return Task.CompletedTask;
        }

        if (Health.IsAsked(path))
        {
            return health.AnswerAsync(context);
        }

        if (!proxied && HttpMethods.IsPost(context.Request.Method) && UnproxiedRequest.IsOne(path))
        {
            Log.NotProxied(logger, UnproxiedRequest.Detail);
            return UnproxiedRequest.AnswerAsync(context);
        }

        if (FunctionPaths.IsOne(path))
        {
            return proxied || !HttpMethods.IsPost(context.Request.Method) ? FunctionPaths.RefuseAsync(context)
                : LaneFunction.At(path) is { } function ? InvokeAsync(context, function)
                : FunctionPaths.IsTimer(path) ? PlanAsync(context)
                : FunctionPaths.RefuseAsync(context);
        }

        if (TriggerAddress.IsAsked(path))
        {
            return triggers.HandleAsync(context);
        }

        return ingress.HandleAsync(context, proxied ? OriginalHost(context.Request) : context.Request.Host.Value ?? "");
    }

    private async Task InvokeAsync(HttpContext context, LaneFunction function)
    {
        var settlement = Settlement.Abandon;
        try
        {
            var envelope = await ReadAsync(context.Request, context.RequestAborted);
            if (InvocationEnvelope.TryRead(envelope, function.Lane, out var message, out var error))
            {
                settlement = await dispatcher.DispatchAsync(message, context.RequestAborted);
            }
            else
            {
                Log.Unreadable(logger, function.Name, error);
            }
        }
        catch (OperationCanceledException)
        {
            // The host hung up; it has abandoned the message already.
        }

        await AnswerAsync(context, settlement == Settlement.Complete);
    }

    // What the timer says of its schedule is of no interest: what is planned already is known here and on the bus.
    private async Task PlanAsync(HttpContext context) =>
        await AnswerAsync(context, await planner.PlanAsync(context.RequestAborted));

    private static async Task AnswerAsync(HttpContext context, bool succeeded)
    {
        context.Response.StatusCode = succeeded ? StatusCodes.Status200OK : StatusCodes.Status500InternalServerError;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Succeeded.Length;
        await context.Response.Body.WriteAsync(Succeeded, context.RequestAborted);
    }

    // Not from a pool: the event's data is decoded in place here and lives on in whatever is published of it.
    private static async ValueTask<Memory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var buffer = new byte[request.ContentLength is { } known and < int.MaxValue ? (int)known + 1 : FirstChunk];
        var length = 0;
        while (true)
        {
            var read = await request.Body.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return buffer.AsMemory(0, length);
            }

            length += read;
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * buffer.Length);
            }
        }
    }

    /// <summary>Whether the host passed on a client's request rather than making one of its own.</summary>
    private static bool IsProxied(IHeaderDictionary headers) =>
        headers.ContainsKey("x-ms-invocation-id") || headers.ContainsKey("X-Forwarded-Host")
        || headers.ContainsKey("X-Forwarded-For") || headers.ContainsKey("X-Forwarded-Proto");

    // Only the last entry is the host's own; the ones before it are what a client claimed.
    private static string OriginalHost(HttpRequest request)
    {
        var values = request.Headers["X-Forwarded-Host"];
        if (StringValues.IsNullOrEmpty(values))
        {
            return request.Host.Value ?? "";
        }

        var last = values[^1] ?? "";
        return last[(last.LastIndexOf(',') + 1)..].Trim();
    }

    private static partial class Log
    {
        [LoggerMessage(401, LogLevel.Error, "An invocation of {Function} cannot be read: {Error}")]
        public static partial void Unreadable(ILogger logger, string function, string error);

        [LoggerMessage(402, LogLevel.Error, "{Detail}")]
        public static partial void NotProxied(ILogger logger, string detail);
    }
}
