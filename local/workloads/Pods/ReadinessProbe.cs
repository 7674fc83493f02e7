// Asks a container whether it is ready: as its spec says, or whether its port answers.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;
using ServerlessEventing.Local.Workloads.Processes;

namespace ServerlessEventing.Local.Workloads.Pods;

/// <summary>
/// <c>readinessProbe.httpGet</c> is asked on the container's local port, whatever port it names; any other probe, or
/// none, is a connection to that port.
/// </summary>
internal sealed class ReadinessProbe(JsonObject container, HttpMessageInvoker http)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly string? path = container.At("readinessProbe", "httpGet") is { } get
        ? get.Text("path") ?? "/"
        : null;

    /// <summary>How often to ask before it was ready for the first time.</summary>
    public static TimeSpan FirstPeriod { get; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How often to ask afterwards; null: never again.</summary>
    public TimeSpan? Period { get; } = container.At("readinessProbe", "httpGet") is null
        ? null
        : TimeSpan.FromSeconds(container.Number("readinessProbe", "periodSeconds") ?? 10);

    /// <summary>How many refusals in a row make it unready again.</summary>
    public long Failures { get; } = container.Number("readinessProbe", "failureThreshold") ?? 3;

    public async Task<bool> AskAsync(int port, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            return await LocalPort.AnswersAsync(port, cancellationToken);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}{path}");
            using var answer = await http.SendAsync(request, limit.Token);
            return (int)answer.StatusCode is >= 200 and < 400;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
