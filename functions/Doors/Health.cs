// Answers liveness and readiness: the port is only open while a routing table is in force.
namespace ServerlessEventing.Functions.Doors;

internal static class Health
{
    private static readonly ReadOnlyMemory<byte> Ok = "ok\n"u8.ToArray();

    public static bool IsAsked(string path) => path is "/readyz" or "/healthz";

    public static async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = Ok.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(Ok, context.RequestAborted);
        }
    }
}
