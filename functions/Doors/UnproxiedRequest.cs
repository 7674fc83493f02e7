// Answers a Functions host that posts an HTTP request as {Data, Metadata} instead of passing it on.
using System.Text;
using System.Text.Json;

namespace ServerlessEventing.Functions.Doors;

/// <summary>
/// A host that does not know <c>enableProxyingHttpRequest</c>, or has a host.json without it, does so. It has dropped
/// the body of a chunked request by then and read the others as text, so no event can be taken. The producer is told,
/// in the form that such a host passes on as status, headers and body; to the host the invocation went well.
/// </summary>
internal static class UnproxiedRequest
{
    public const string Detail =
        "The Functions host does not pass HTTP requests on as they are. host.json must say "
        + "enableProxyingHttpRequest under customHandler, and the host must be of mid-2025 or later.";

    // Outputs by the name that the function.json of every HTTP function here gives its output.
    private static readonly ReadOnlyMemory<byte> Answer = Encoding.UTF8.GetBytes(
        """{"Outputs":{"response":{"statusCode":500,"headers":{"Content-Type":"application/problem+json"},"body":"""
        + $"\"{JsonEncodedText.Encode(Body)}\"}}}},\"Logs\":[],\"ReturnValue\":null}}");

    private static string Body =>
        $$"""{"type":"about:blank","title":"Events cannot be taken here","status":500,"detail":"{{Detail}}"}""";

    public static bool IsOne(string path) =>
        path.AsSpan(1).SequenceEqual(LaneFunction.HttpFunction)
        || path.AsSpan(1).SequenceEqual(LaneFunction.HealthFunction);

    public static async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Answer.Length;
        await context.Response.Body.WriteAsync(Answer, context.RequestAborted);
    }
}
