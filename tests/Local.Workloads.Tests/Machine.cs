// A Kubernetes API and a runner beside it, over a fresh folder.
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Workloads.Tests;

/// <summary>Real processes, a real API; images `test/app` and `test/worker` are this assembly's container.</summary>
internal sealed class Machine : IAsyncDisposable
{
    public const string Namespace = "default";

    private readonly TempFolder folder = new();
    private readonly HttpClient plain = new();
    private KubernetesApi api = null!;
    private HttpClient http = null!;

    public WorkloadRunner Runner { get; private set; } = null!;

    /// <summary>Every line of every container.</summary>
    public ConcurrentQueue<OutputLine> Output { get; } = new();

    public static async Task<Machine> StartAsync()
    {
        var machine = new Machine();
        await machine.StartPartsAsync();
        return machine;
    }

    public async Task RestartAsync()
    {
        await StopPartsAsync();
        await StartPartsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopPartsAsync();
        plain.Dispose();
        folder.Dispose();
    }

    /// <summary>A connection of its own to the API.</summary>
    public HttpClient CreateClient() => api.CreateClient();

    public async Task<JsonObject> SendAsync(HttpMethod method, string path, string? body = null, string type = "")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            var media = type.Length > 0 ? type : "application/json";
            request.Content = new StringContent(body, Encoding.UTF8, media);
        }

        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {text}");
        return (JsonObject)JsonNode.Parse(text)!;
    }

    public Task MergeAsync(string path, string patch) =>
        SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json");

    /// <summary>Makes a Deployment with one container; <paramref name="container"/> is the rest of its JSON.</summary>
    public Task DeployAsync(string name, string container, int replicas = 1, string spec = "") =>
        SendAsync(HttpMethod.Post, DeploymentPath("").TrimEnd('/'), $$$"""
            {"metadata":{"name":"{{{name}}}"},"spec":{ {{{spec}}} "replicas":{{{replicas}}},
              "selector":{"matchLabels":{"app":"{{{name}}}"}},
              "template":{"metadata":{"labels":{"app":"{{{name}}}"}},
                "spec":{"containers":[{"name":"main",{{{container}}} }] } } } }
            """);

    /// <summary>A Service over the Pods of a Deployment.</summary>
    public Task ServeAsync(string name, string port = """{"port":80,"targetPort":8080}""") =>
        SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{Namespace}/services", $$$"""
            {"metadata":{"name":"{{{name}}}"},"spec":{"selector":{"app":"{{{name}}}"},"ports":[{{{port}}}] } }
            """);

    public static string DeploymentPath(string name) => $"/apis/apps/v1/namespaces/{Namespace}/deployments/{name}";

    public Task<JsonObject> DeploymentAsync(string name) => SendAsync(HttpMethod.Get, DeploymentPath(name));

    public async Task<IReadOnlyList<JsonObject>> PodsAsync(string app)
    {
        var list = await SendAsync(
            HttpMethod.Get, $"/api/v1/namespaces/{Namespace}/pods?labelSelector=app%3D{app}");
        return [.. list["items"]!.AsArray().OfType<JsonObject>()];
    }

    /// <summary>Waits until so many replicas are ready and no others are left.</summary>
    public Task ReadyAsync(string name, int replicas = 1) => Eventually.Passes(async () =>
    {
        var deployment = await DeploymentAsync(name);
        var status = deployment["status"];
        Assert.Equal((long?)deployment["metadata"]!["generation"], (long?)status?["observedGeneration"]);
        Assert.Equal(replicas, (int?)status?["updatedReplicas"] ?? 0);
        Assert.Equal(replicas, (int?)status?["readyReplicas"] ?? 0);
        Assert.Equal(replicas, (int?)status?["replicas"] ?? 0);
    });

    /// <summary>The condition of a Deployment, once it has this status.</summary>
    public async Task<JsonObject> ConditionAsync(string name, string type, string status)
    {
        JsonObject? found = null;
        await Eventually.Passes(async () =>
        {
            var conditions = (await DeploymentAsync(name))["status"]!["conditions"]!.AsArray();
            found = conditions.OfType<JsonObject>().Single(one => (string?)one["type"] == type);
            Assert.Equal(status, (string?)found["status"]);
        });
        return found!;
    }

    /// <summary>What a container behind a port says it was started with.</summary>
    public async Task<Started> AskAsync(int port) =>
        JsonSerializer.Deserialize<Started>(await plain.GetStringAsync(new Uri($"http://127.0.0.1:{port}/")))!;

    public async Task PokeAsync(int port, string path)
    {
        try
        {
            using var answer = await plain.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"));
        }
        catch (HttpRequestException)
        {
            // It was asked to end.
        }
    }

    public async Task<string> LogAsync(string pod, string query = "")
    {
        using var answer = await http.GetAsync($"/api/v1/namespaces/{Namespace}/pods/{pod}/log{query}");
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>The one port behind a Service, once there is one.</summary>
    public async Task<int> PortAsync(string service)
    {
        await Eventually.True(() => Runner.Find(Namespace, service)?.Ports.Count > 0, $"{service} has a ready Pod");
        return Runner.Find(Namespace, service)!.Ports[0];
    }

    private async Task StartPartsAsync()
    {
        api = await KubernetesApi.StartAsync(
            new KubernetesApiOptions { DataFolder = folder["data"], PodLogs = ReadLog }, CancellationToken.None);
        http = api.CreateClient();
        Runner = WorkloadRunner.Start(new WorkloadRunnerOptions
        {
            Api = api.CreateClient(),
            Images = [new("test/app", Command), new("test/worker", Command) { Listens = false }],
            Environment = new Dictionary<string, string> { ["MACHINE"] = "yes" },
            Output = Output.Enqueue,
        });
    }

    private async Task StopPartsAsync()
    {
        await Runner.DisposeAsync();
        http.Dispose();
        await api.DisposeAsync();
    }

    private static LocalCommand Command(ContainerPlace place) =>
        new("dotnet", typeof(Machine).Assembly.Location, Container.Verb)
        {
            Environment = new Dictionary<string, string> { ["PLACE"] = $"{place.Namespace}/{place.Deployment}" },
        };

    private IAsyncEnumerable<(DateTimeOffset, string)>? ReadLog(
        PodLogQuery query, CancellationToken cancellationToken) =>
        Runner.ReadLog(
            query.Namespace, query.Pod, query.Container, query.Previous, query.Tail, query.Follow, cancellationToken)?
            .Select(line => (line.At, line.Text));
}
