// One API server for a test class, with clients to it.
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests;

/// <summary>Starts on a free port over a fresh folder; can be stopped and started again over the same one.</summary>
public sealed class RunningApi : IAsyncLifetime
{
    private readonly TempFolder folder = new();

    public KubernetesApi Api { get; private set; } = null!;

    public k8s.Kubernetes Client { get; private set; } = null!;

    /// <summary>Plain HTTP with the token, for what no client library says.</summary>
    public HttpClient Http { get; private set; } = null!;

    public string DataFolder => folder["data"];

    public string Folder => folder.Path;

    public async ValueTask InitializeAsync() => await StartAsync(0);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        folder.Dispose();
    }

    public async Task StartAsync(int port)
    {
        Api = await KubernetesApi.StartAsync(
            new KubernetesApiOptions { DataFolder = DataFolder, Port = port }, CancellationToken.None);
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(Api.KubeconfigPath);
        Client = new k8s.Kubernetes(configuration);
        var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        Http = new HttpClient(handler) { BaseAddress = Api.Uri };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", configuration.AccessToken);
    }

    public async Task StopAsync()
    {
        Client.Dispose();
        Http.Dispose();
        await Api.DisposeAsync();
    }

    public async Task RestartAsync()
    {
        var port = Api.Port;
        await StopAsync();
        await StartAsync(port);
    }

    /// <summary>A namespace of a test's own.</summary>
    public async Task<string> NamespaceAsync()
    {
        var name = "t" + Guid.NewGuid().ToString("n")[..10];
        await SendAsync(HttpMethod.Post, "/api/v1/namespaces", $$$"""{"metadata":{"name":"{{{name}}}"}}""");
        return name;
    }

    public async Task<(int Code, JsonObject Body)> SendAsync(
        HttpMethod method, string path, string? body = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        }

        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode,
            response.Content.Headers.ContentType?.MediaType == "application/json"
                ? (JsonObject)JsonNode.Parse(text)!
                : new JsonObject { ["text"] = text });
    }

    /// <summary>The lines of a watch until one fits; the watch is then broken off.</summary>
    public async Task<List<JsonObject>> WatchUntilAsync(
        string path, Func<JsonObject, bool> last, Func<Task>? during = null)
    {
        using var deadline = new CancellationTokenSource(Eventually.DefaultDeadline);
        using var response = await Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
        Assert.Equal(200, (int)response.StatusCode);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(deadline.Token));
        await (during?.Invoke() ?? Task.CompletedTask);
        var events = new List<JsonObject>();
        while (await reader.ReadLineAsync(deadline.Token) is { } line)
        {
            events.Add((JsonObject)JsonNode.Parse(line)!);
            if (last(events[^1]))
            {
                break;
            }
        }

        return events;
    }
}
