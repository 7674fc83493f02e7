// GET of a Pod's log, which `kubectl logs` prints.
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Storage;

namespace ServerlessEventing.Local.Kubernetes.Api;

/// <summary>Text, a line each; <paramref name="logs"/> null: nobody runs Pods beside this server.</summary>
public sealed class PodLogHandler(ObjectStore store, TimeProvider time, PodLogs? logs)
{
    public async Task ReadAsync(HttpContext context, ApiTarget target)
    {
        if (store.Find(target.Type.Key(target.Namespace, target.Name)) is null)
        {
            await context.StatusAsync(target.Type.NotFound(target.Name));
            return;
        }

        var asked = context.Request.Query;
        if (!TryNumber(asked["tailLines"], out var tail) || !TryNumber(asked["limitBytes"], out var limit)
            || !TryNumber(asked["sinceSeconds"], out var seconds))
        {
            await context.StatusAsync(ApiStatus.BadRequest(
                "tailLines, limitBytes and sinceSeconds must be whole numbers, 0 or more"));
            return;
        }

        var query = new PodLogQuery(target.Namespace, target.Name, asked["container"].ToString())
        {
            Previous = asked["previous"] == "true",
            Follow = asked["follow"] == "true",
            Tail = tail,
        };
        if (logs?.Invoke(query, context.RequestAborted) is not { } lines)
        {
            await context.StatusAsync(ApiStatus.BadRequest(
                query.Previous
                    ? $"previous terminated container \"{query.Container}\" in pod \"{query.Pod}\" not found"
                    : $"container \"{query.Container}\" in pod \"{query.Pod}\" is not running on this machine"));
            return;
        }

        var since = seconds is { } ago ? time.GetUtcNow().AddSeconds(-ago)
            : DateTimeOffset.TryParse(asked["sinceTime"], CultureInfo.InvariantCulture, out var at) ? at
            : DateTimeOffset.MinValue;
        await WriteAsync(context, lines, since, limit ?? int.MaxValue, asked["timestamps"] == "true");
    }

    private static async Task WriteAsync(
        HttpContext context, IAsyncEnumerable<(DateTimeOffset At, string Text)> lines, DateTimeOffset since, int limit,
        bool withTimes)
    {
        context.Response.ContentType = "text/plain";
        await context.Response.StartAsync(context.RequestAborted);
        await foreach (var (at, text) in lines)
        {
            if (at < since)
            {
                continue;
            }

            var stamp = withTimes ? $"{at.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffffffZ} " : "";
            var bytes = Encoding.UTF8.GetBytes($"{stamp}{text}\n");
            await context.Response.Body.WriteAsync(
                bytes.AsMemory(0, Math.Min(bytes.Length, limit)), context.RequestAborted);
            limit -= bytes.Length;
            if (limit <= 0)
            {
                return;
            }
        }
    }

    private static bool TryNumber(string? text, out int? number)
    {
        var valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
        number = valid ? value : null;
        return valid || string.IsNullOrEmpty(text);
    }
}
