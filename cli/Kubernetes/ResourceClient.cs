// Reads and applies any Kubernetes object by apiVersion and kind, over the official client's connection.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using ServerlessEventing.Cli.Manifests;

namespace ServerlessEventing.Cli.Kubernetes;

/// <summary>A small dynamic client: what kubectl's apply, get and watch do, without kubectl.</summary>
internal sealed class ResourceClient : IDisposable
{
    private const string MergePatch = "application/merge-patch+json";

    private readonly k8s.Kubernetes connection;
    private readonly ConcurrentDictionary<(string ApiVersion, string Kind), ResourceType> types = new();

    public ResourceClient(string kubeconfigPath) =>
        connection = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfigPath));

    /// <summary>Creates the object, or merges it into the one that is there.</summary>
    public async Task ApplyAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var type = await FindTypeAsync(manifest, cancellationToken);
        var collection = type.Collection(manifest.Namespace);
        using var created = await SendAsync(HttpMethod.Post, collection, manifest.Content, null, cancellationToken);
        if (created.IsSuccessStatusCode)
        {
            return;
        }

        if (created.StatusCode != HttpStatusCode.Conflict)
        {
            throw await RefusedAsync(manifest, created, cancellationToken);
        }

        using var merged = await SendAsync(
            HttpMethod.Patch, $"{collection}/{manifest.Name}", manifest.Content, MergePatch, cancellationToken);
        if (!merged.IsSuccessStatusCode)
        {
            throw await RefusedAsync(manifest, merged, cancellationToken);
        }
    }

    /// <summary>The object a manifest names, as it is now; null when it is not there.</summary>
    public async Task<JsonObject?> GetAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var type = await FindTypeAsync(manifest, cancellationToken);
        return await GetAsync($"{type.Collection(manifest.Namespace)}/{manifest.Name}", cancellationToken);
    }

    /// <summary>The JSON at a path of the API; null when it is not there.</summary>
    public async Task<JsonObject?> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null, null, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        answer.EnsureSuccessStatusCode();
        // Parsed by case: a status may hold subscriberUri and v0.7's subscriberURI side by side.
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonNode.ParseAsync(body, cancellationToken: cancellationToken) as JsonObject;
    }

    /// <summary>Merges <paramref name="patch"/> into the object at <paramref name="path"/>.</summary>
    public async Task PatchAsync(string path, JsonObject patch, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Patch, path, patch, MergePatch, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.NotFound)
        {
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Yields once for each change under <paramref name="path"/> until the server ends the watch.</summary>
    public async IAsyncEnumerable<string> WatchAsync(
        string path, string resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = $"{path}?watch=true&timeoutSeconds=300&resourceVersion={resourceVersion}";
        using var answer = await SendAsync(HttpMethod.Get, query, null, null, cancellationToken);
        answer.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    public void Dispose() => connection.Dispose();

    private async Task<ResourceType> FindTypeAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var key = (manifest.ApiVersion, manifest.Kind);
        if (types.TryGetValue(key, out var known))
        {
            return known;
        }

        var root = ResourceType.Root(manifest.ApiVersion);
        var list = await GetAsync(root, cancellationToken);
        var entry = list?["resources"]?.AsArray()
            .FirstOrDefault(item => (string?)item!["kind"] == manifest.Kind && !((string)item["name"]!).Contains('/'))
            ?? throw new CommandException(
                $"{manifest.Where}: no kind \"{manifest.Kind}\" in \"{manifest.ApiVersion}\" (is its CRD installed?)");
        return types[key] = new ResourceType(root, (string)entry["name"]!, (bool)entry["namespaced"]!);
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, JsonObject? body, string? mediaType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(connection.BaseUri, path));
        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType ?? "application/json");
        }

        if (connection.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        }

        return await connection.HttpClient.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private static async Task<CommandException> RefusedAsync(
        Manifest manifest, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        string? message = null;
        try
        {
            message = (string?)JsonNode.Parse(text)?["message"];
        }
        catch (JsonException)
        {
            // Not a Status object; the status code alone has to do.
        }

        return new CommandException(
            $"{manifest.Where}: {manifest}: {message ?? $"refused with {(int)answer.StatusCode}"}");
    }
}
