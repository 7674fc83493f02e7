// Writes answers: JSON, a Status, or the plain text of an unknown path.
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>The one place where outcomes become HTTP.</summary>
public static class Answers
{
    extension(HttpContext context)
    {
        public Task JsonAsync(JsonNode body, int code = 200, string contentType = "application/json") =>
            context.BytesAsync(ObjectFields.Bytes(body), code, contentType);

        public async Task BytesAsync(ReadOnlyMemory<byte> body, int code = 200, string type = "application/json")
        {
            context.Response.StatusCode = code;
            context.Response.ContentType = type;
            context.Response.ContentLength = body.Length;
            if (!HttpMethods.IsHead(context.Request.Method))
            {
                await context.Response.Body.WriteAsync(body, context.RequestAborted);
            }
        }

        public Task StatusAsync(ApiStatus status)
        {
            if (status.RetryAfterSeconds > 0)
            {
                context.Response.Headers.RetryAfter = $"{status.RetryAfterSeconds}";
            }

            return context.JsonAsync(status.ToJson(), status.Code);
        }

        public Task TextAsync(string text, int code = 200) =>
            context.BytesAsync(Encoding.UTF8.GetBytes(text), code, "text/plain; charset=utf-8");

        public Task UnknownPathAsync() => context.TextAsync("404 page not found\n", 404);

        public void Warn(IEnumerable<string> warnings)
        {
            foreach (var warning in warnings)
            {
                var text = warning.Replace("\\", "\\\\").Replace("\"", "\\\"");
                context.Response.Headers.Append("Warning", $"299 - \"{text}\"");
            }
        }
    }
}
