// The few requests an operator sends to the API server, as raw JSON over KubernetesClient's connection.
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Cluster;

/// <summary>
/// KubernetesClient gives the connection: kubeconfig, certificates, tokens. Objects stay raw JSON, so that one odd
/// object cannot fail a whole list, and watches are read here, because the library's end quietly on 410 and throw
/// when idle.
/// </summary>
public sealed class ClusterClient(k8s.Kubernetes kubernetes, string? actsAs = null) : IDisposable
{
    private const string FieldManager = "eventing-operator";
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The API server, as its events name it: <c>https://10.96.0.1:443</c>.</summary>
    public string Host => $"{kubernetes.BaseUri.Scheme}://{kubernetes.BaseUri.Host}:{kubernetes.BaseUri.Port}";

    /// <param name="path">A kubeconfig; null: the cluster this runs in, or the user's own.</param>
    /// <param name="actsAs">A user whose rights count instead, as with <c>kubectl --as</c>; null: one's own.</param>
    public static ClusterClient FromKubeconfig(string? path, string? actsAs = null)
    {
        var configuration = path is not null
            ? k8s.KubernetesClientConfiguration.BuildConfigFromConfigFile(path)
            : k8s.KubernetesClientConfiguration.BuildDefaultConfig();
        return new ClusterClient(new k8s.Kubernetes(configuration), actsAs);
    }

    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, null, cancellationToken);

    public Task<ApiAnswer> GetAsync(ResourceType type, ResourceKey key, CancellationToken cancellationToken) =>
        GetAsync(type.Path(key.Namespace, key.Name), cancellationToken);

    public Task<ApiAnswer> CreateAsync(ResourceType type, JsonObject json, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Post,
            $"{type.Path(json.Text("metadata", "namespace") ?? "")}?fieldManager={FieldManager}",
            json,
            "application/json",
            cancellationToken);

    /// <summary>Replaces an object, or its status; a stale resourceVersion inside is a conflict.</summary>
    public Task<ApiAnswer> ReplaceAsync(
        ResourceType type, JsonObject json, string subresource, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Put,
            type.Path(json.Text("metadata", "namespace") ?? "", json.Text("metadata", "name") ?? "", subresource)
                + $"?fieldManager={FieldManager}",
            json,
            "application/json",
            cancellationToken);

    /// <summary>A merge patch; without a resourceVersion inside it cannot conflict.</summary>
    public Task<ApiAnswer> PatchAsync(
        ResourceType type, ResourceKey key, JsonObject patch, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Patch,
            $"{type.Path(key.Namespace, key.Name)}?fieldManager={FieldManager}",
            patch,
            "application/merge-patch+json",
            cancellationToken);

    /// <summary>Deletes the very object with this uid, not a successor of the same name.</summary>
    public Task<ApiAnswer> DeleteAsync(ResourceType type, Resource resource, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Delete,
            type.Path(resource.Namespace, resource.Name),
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "DeleteOptions",
                ["propagationPolicy"] = "Background",
                ["preconditions"] = new JsonObject { ["uid"] = resource.Uid },
            },
            "application/json",
            cancellationToken);

    /// <summary>
    /// The events of a watch, line by line, until the server ends it. An answer other than 200 comes as one ERROR
    /// event with the server's Status in it.
    /// </summary>
    public async IAsyncEnumerable<JsonObject> WatchAsync(
        ResourceType type,
        string resourceVersion,
        TimeSpan timeout,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = "?watch=true&allowWatchBookmarks=true"
            + $"&timeoutSeconds={(int)timeout.TotalSeconds}&resourceVersion={Uri.EscapeDataString(resourceVersion)}"
            + (type.LabelSelector is { } selector ? $"&labelSelector={Uri.EscapeDataString(selector)}" : "");
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // The server ends the watch at its timeout; a connection that is silent beyond that is dead.
        idle.CancelAfter(timeout + RequestTimeout);
        var path = type.Path(type.OnlyNamespace ?? "") + query;
        using var request = await RequestAsync(HttpMethod.Get, path, null, null, idle.Token);
        using var response = await kubernetes.HttpClient.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, idle.Token);
        if (!response.IsSuccessStatusCode)
        {
            var answer = await ReadAsync(response, idle.Token);
            yield return new JsonObject
            {
                ["type"] = "ERROR",
                ["object"] = new JsonObject { ["code"] = (int)answer.Code, ["message"] = answer.Message },
            };
            yield break;
        }

        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(idle.Token));
        while (await reader.ReadLineAsync(idle.Token) is { } line)
        {
            if (line.Length > 0 && JsonNode.Parse(line) is JsonObject change)
            {
                yield return change;
            }
        }
    }

    public void Dispose() => kubernetes.Dispose();

    private async Task<ApiAnswer> SendAsync(
        HttpMethod method, string path, JsonObject? body, string? mediaType, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RequestTimeout);
        try
        {
            using var request = await RequestAsync(method, path, body, mediaType, limit.Token);
            using var response = await kubernetes.HttpClient.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return await ReadAsync(response, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException(
                $"The API server did not answer {method} {path} within {RequestTimeout.TotalSeconds:0} s.");
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(
        HttpMethod method, string path, JsonObject? body, string? mediaType, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(method, new Uri(kubernetes.BaseUri, path));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType!);
        }

        if (!string.IsNullOrEmpty(actsAs))
        {
            request.Headers.Add("Impersonate-User", actsAs);
        }

        if (kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        }

        return request;
    }

    private static async Task<ApiAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            return new ApiAnswer(response.StatusCode, JsonNode.Parse(bytes) as JsonObject);
        }
        catch (JsonException)
        {
            // Proxies in between answer text; the code is what counts then.
            return new ApiAnswer(response.StatusCode, null);
        }
    }
}
