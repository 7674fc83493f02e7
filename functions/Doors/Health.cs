// Answers liveness and readiness: the port is only open while a routing table is in force.
using System.Globalization;
using ServerlessEventing.Functions.Routing;

namespace ServerlessEventing.Functions.Doors;

internal sealed class Health(RoutingTables tables)
{
    /// <summary>Tells which table is in force here.</summary>
    public const string GenerationHeader = "X-Eventing-Generation";

    private static readonly ReadOnlyMemory<byte> Ok = "ok\n"u8.ToArray();

    public static bool IsAsked(string path) => path is "/readyz" or "/healthz";

    public async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = Ok.Length;
        context.Response.Headers[GenerationHeader] =
            tables.Current?.Generation.ToString(CultureInfo.InvariantCulture);
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(Ok, context.RequestAborted);
        }
    }
}
