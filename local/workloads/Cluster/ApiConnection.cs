// The few requests the runner makes of a Kubernetes API.
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Workloads.Cluster;

/// <summary>Raw JSON over HTTP: a refusal is an answer; only a lost connection throws.</summary>
internal sealed class ApiConnection(HttpClient http) : IDisposable
{
    private const int WatchSeconds = 300;

    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, "", cancellationToken);

    public Task<ApiAnswer> CreateAsync(string path, JsonObject body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, body, "application/json", cancellationToken);

    /// <summary>A merge patch; without a resourceVersion inside it cannot conflict.</summary>
    public Task<ApiAnswer> PatchAsync(string path, JsonObject patch, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json", cancellationToken);

    public Task<ApiAnswer> DeleteAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, path, null, "", cancellationToken);

    /// <summary>The events of a watch until the server ends it.</summary>
    public async IAsyncEnumerable<JsonObject> WatchAsync(
        string path, string resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = $"{path}?watch=true&timeoutSeconds={WatchSeconds}&resourceVersion={resourceVersion}";
        using var response = await http.GetAsync(query, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (JsonNode.Parse(line) is JsonObject change)
            {
                yield return change;
            }
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<ApiAnswer> SendAsync(
        HttpMethod method, string path, JsonObject? body, string mediaType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        }

        using var response = await http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
        return new ApiAnswer(response.StatusCode, isJson ? JsonNode.Parse(text) as JsonObject : null);
    }
}

/// <summary>What the API server answered: an object, a list, or a Status that says why not.</summary>
internal sealed record ApiAnswer(HttpStatusCode Code, JsonObject? Body)
{
    public bool IsSuccess => (int)Code is >= 200 and < 300;

    public bool IsNotFound => Code == HttpStatusCode.NotFound;

    public string Message => Body.Text("message") ?? $"the API server answered {(int)Code}";
}
