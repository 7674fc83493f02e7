// One API server for a test class, with clients to it: ours, or a real one when asked.
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests;

/// <summary>
/// Starts on a free port over a fresh folder; can be stopped and started again over the same one. With
/// USE_EXISTING_CLUSTER=true the tests talk to the API server of KUBECONFIG instead, and those about this server's own
/// process, words or limits are skipped.
/// </summary>
public sealed class RunningApi : IAsyncLifetime
{
    public const string ClusterVariable = "USE_EXISTING_CLUSTER";

    public const string NoControllersVariable = "CLUSTER_WITHOUT_CONTROLLERS";

    private readonly TempFolder folder = new();
    private KubernetesApi? own;
    private int minor;

    public static bool UsesCluster => Environment.GetEnvironmentVariable(ClusterVariable) == "true";

    public KubernetesApi Api
    {
        get
        {
            SkipOnCluster("its process");
            return own!;
        }
    }

    public string KubeconfigPath => own?.KubeconfigPath
        ?? Environment.GetEnvironmentVariable("KUBECONFIG")
        ?? throw new InvalidOperationException($"{ClusterVariable}=true needs KUBECONFIG to name the cluster.");

    public k8s.Kubernetes Client { get; private set; } = null!;

    /// <summary>Plain HTTP with the client's credentials, for what no client library says.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>Where this server keeps its files.</summary>
    public string DataFolder
    {
        get
        {
            SkipOnCluster("its files");
            return folder["data"];
        }
    }

    public string Folder => folder.Path;

    /// <summary>For tests of what only this server does, or does otherwise than a real one.</summary>
    public static void SkipOnCluster(string what) => Assert.SkipWhen(
        UsesCluster, $"The tests run against a cluster, and this is about the small server itself: {what}.");

    /// <summary>For tests of what a real server has only since its version 1.<paramref name="minor"/>.</summary>
    public void SkipBefore(int minor, string what) => Assert.SkipWhen(
        UsesCluster && this.minor < minor, $"The cluster is 1.{this.minor}; {what} is of 1.{minor} and later.");

    /// <summary>For tests of what a cluster's controllers do: namespaces that end, dependents that follow.</summary>
    public static void SkipWithoutControllers() => Assert.SkipWhen(
        Environment.GetEnvironmentVariable(NoControllersVariable) == "true",
        "The API server runs without its controller manager.");

    public async ValueTask InitializeAsync()
    {
        await StartAsync(0);
        if (UsesCluster)
        {
            minor = MinorVersion((await SendAsync(HttpMethod.Get, "/version")).Body);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        folder.Dispose();
    }

    public async Task StartAsync(int port)
    {
        own = UsesCluster
            ? null
            : await KubernetesApi.StartAsync(
                new KubernetesApiOptions { DataFolder = folder["data"], Port = port }, CancellationToken.None);
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(KubeconfigPath);
        Client = new k8s.Kubernetes(configuration);
        var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        if (configuration is { ClientCertificateData.Length: > 0, ClientCertificateKeyData.Length: > 0 })
        {
            handler.ClientCertificates.Add(X509Certificate2.CreateFromPem(
                Pem(configuration.ClientCertificateData), Pem(configuration.ClientCertificateKeyData)));
        }

        Http = new HttpClient(handler) { BaseAddress = new Uri(configuration.Host) };
        if (configuration.AccessToken is { Length: > 0 } token)
        {
            Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public async Task StopAsync()
    {
        Client.Dispose();
        Http.Dispose();
        await (own?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    public async Task RestartAsync()
    {
        var port = Api.Port;
        await StopAsync();
        await StartAsync(port);
    }

    /// <summary>Providers write 33+, and builds of distributions may leave it to gitVersion (v1.20.2).</summary>
    private static int MinorVersion(JsonObject version)
    {
        var text = $"{version["minor"]}" is { Length: > 0 } said ? said : $"{version["gitVersion"]}".Split('.')[1];
        return int.Parse(text.TrimEnd('+'), CultureInfo.InvariantCulture);
    }

    private static string Pem(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

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
