// A small Kubernetes API, a Service Bus emulator and the operator between them, for tests.
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Local.Kubernetes;
using ServerlessEventing.Local.ServiceBus.Messaging;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>One house for a class of tests; each test takes a namespace of its own.</summary>
public sealed class House : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _log = [];
    private readonly Bus _bus = new();
    private KubernetesApi _api = null!;
    private k8s.Kubernetes _kubernetes = null!;
    private HttpClient _http = null!;
    private int _namespaces;

    /// <summary>Manifests of the kinds the cluster serves; ours unless said otherwise.</summary>
    public IEnumerable<string> Definitions { get; init; } =
        Directory.EnumerateFiles(Path.Combine(Root(), "infra", "crds"), "*.yaml").Order();

    /// <summary>What this house's operator has other settings for.</summary>
    public Func<OperatorOptions, OperatorOptions> Settings { get; init; } = options => options;

    /// <summary>Whether an operator runs in this process; a test may start one in a process of its own.</summary>
    public bool HasOperator { get; init; } = true;

    /// <summary>Whether the bus does its worst, as far as Azure promises no better.</summary>
    public bool Quirks { get; init; }

    /// <summary>Another house's bus, which stays when this house goes; null: one of its own.</summary>
    public Bus? SharedBus { get; init; }

    public OperatorApplication Operator { get; private set; } = null!;

    public Bus Bus => SharedBus ?? _bus;

    public string Kubeconfig => _api.KubeconfigPath;

    /// <summary>What the operator logged.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return string.Join('\n', _log);
            }
        }
    }

    public async ValueTask InitializeAsync()
    {
        _api = await KubernetesApi.StartAsync(new KubernetesApiOptions { DataFolder = _folder["kubernetes"] }, default);
        _kubernetes = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(_api.KubeconfigPath));
        _http = _kubernetes.HttpClient;
        foreach (var file in Definitions)
        {
            await Apply(await File.ReadAllTextAsync(file));
        }

        if (SharedBus is null)
        {
            await _bus.StartAsync(_folder["bus"], Quirks ? new AzureQuirks() : null);
        }

        if (HasOperator)
        {
            await StartOperator();
        }
    }

    public async Task StartOperator() => Operator = await OperatorApplication.StartAsync(Settings(Options), default);

    /// <summary>Stops the operator and starts one with other settings.</summary>
    public async Task Restart(Func<OperatorOptions, OperatorOptions> change)
    {
        await Operator.DisposeAsync();
        Operator = await OperatorApplication.StartAsync(change(Settings(Options)), default);
    }

    /// <summary>The operator's settings; a test starts others with changes to these.</summary>
    public OperatorOptions Options => new()
    {
        KubeconfigPath = _api.KubeconfigPath,
        ServiceBusConnection = Bus.Connection,
        ServiceBusManagementConnection = Bus.ManagementConnection,
        DriftPeriod = TimeSpan.FromSeconds(60),
        PressurePeriod = TimeSpan.FromSeconds(1),
        LoggerFactory = new ListLoggers(_log),
    };

    /// <summary>Stops the API server and starts it again at the same address; what it stored is still there.</summary>
    /// <param name="meanwhile">Changes that are made elsewhere while it is away.</param>
    public async Task RestartApi(Func<Task>? meanwhile = null)
    {
        var port = _api.Port;
        await _api.DisposeAsync();
        if (meanwhile is not null)
        {
            await using (_api = await StartApi(0))
            {
                await meanwhile();
            }
        }

        _api = await StartApi(port);
    }

    // A port of 0 is one that nobody knows: only this house's own requests go there.
    private Task<KubernetesApi> StartApi(int port) => KubernetesApi.StartAsync(
        new KubernetesApiOptions
        {
            DataFolder = _folder["kubernetes"],
            Port = port,
            KubeconfigPath = port == 0 ? _folder["elsewhere"] : null,
        },
        default);

    public async ValueTask DisposeAsync()
    {
        if (HasOperator)
        {
            await Operator.DisposeAsync();
        }

        if (SharedBus is null)
        {
            await _bus.DisposeAsync();
        }

        _kubernetes.Dispose();
        await _api.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Makes a fresh namespace, with labels when given.</summary>
    public async Task<string> Namespace(string? label = null)
    {
        var name = $"test-{Interlocked.Increment(ref _namespaces)}";
        var labels = label is null ? "" : $"\n  labels: {{{label}}}";
        await Apply($"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}{labels}");
        return name;
    }

    /// <summary>Creates each object, or merges it over the one there; a refusal fails the test.</summary>
    public async Task Apply(string yaml, string? @namespace = null)
    {
        foreach (var json in Manifests.Parse(yaml))
        {
            if (@namespace is not null)
            {
                json["metadata"]!["namespace"] = @namespace;
            }

            await Apply(json);
        }
    }

    /// <summary>Creates an object, or merges it over the one there; a refusal fails the test.</summary>
    public async Task Apply(JsonObject json)
    {
        var path = Collection(json);
        var (code, body) = await Send(HttpMethod.Post, path, json, "application/json");
        while (code == HttpStatusCode.Conflict)
        {
            (code, body) = await Send(
                HttpMethod.Patch, $"{path}/{json.Text("metadata", "name")}", json, "application/merge-patch+json");
            if (code == HttpStatusCode.NotFound)
            {
                // It was on its way out.
                (code, body) = await Send(HttpMethod.Post, path, json, "application/json");
            }
        }

        Assert.True((int)code < 300, $"{json.Text("kind")} {json.Text("metadata", "name")}: {(int)code} {body}");
    }

    /// <summary>A Service, for something to refer to.</summary>
    public Task Service(string @namespace, string name) => Apply(
        $"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 80}}]}}", @namespace);

    public async Task Delete(string path) => await Send(HttpMethod.Delete, path, null, "application/json");

    public async Task Patch(string path, string json) =>
        await Send(HttpMethod.Patch, path, JsonNode.Parse(json)!, "application/merge-patch+json");

    /// <summary>An object, or null.</summary>
    public async Task<Resource?> Get(string path)
    {
        var (code, body) = await Send(HttpMethod.Get, path, null, "application/json");
        return code == HttpStatusCode.OK ? new Resource((JsonObject)JsonNode.Parse(body)!) : null;
    }

    /// <summary>The objects of a collection; none of a kind that is not served.</summary>
    public async Task<IReadOnlyList<Resource>> List(string path)
    {
        var (code, body) = await Send(HttpMethod.Get, path, null, "application/json");
        return code == HttpStatusCode.NotFound
            ? []
            : [.. JsonNode.Parse(body).Items("items").OfType<JsonObject>().Select(item => new Resource(item))];
    }

    /// <summary>Waits for Ready=True and returns the object.</summary>
    public async Task<Resource> Ready(string path)
    {
        Resource? last = null;
        await Eventually.Passes(async () =>
        {
            last = await Get(path);
            Assert.True(last is { IsReady: true }, $"{path} is not ready: {last?.Status}\n{Log}");
        });
        return last!;
    }

    /// <summary>Waits for a condition with this status and reason.</summary>
    public Task Condition(string path, string type, string status, string reason) => Eventually.Passes(async () =>
    {
        var condition = (await Get(path))?.Condition(type);
        Assert.True(condition.Text("status") == status && condition.Text("reason") == reason,
            $"{path}: {condition?.ToJsonString()}\n{Log}");
    });

    /// <summary>The routing table as served now.</summary>
    public async Task<RoutingTable> Table()
    {
        using var client = new HttpClient();
        return RoutingTableJson.Deserialize(await client.GetByteArrayAsync(Operator.RoutingUri));
    }

    public static string Broker(string @namespace, string name = "default") =>
        $"apis/eventing.knative.dev/v1/namespaces/{@namespace}/brokers/{name}";

    public static string Trigger(string @namespace, string name) =>
        $"apis/eventing.knative.dev/v1/namespaces/{@namespace}/triggers/{name}";

    /// <summary>Path of the collection an object belongs to.</summary>
    public static string Collection(JsonObject json)
    {
        var apiVersion = json.Text("apiVersion")!;
        var prefix = apiVersion.Contains('/') ? "apis" : "api";
        var @namespace = json.Text("metadata", "namespace") is { } name ? $"/namespaces/{name}" : "";
        var kind = json.Text("kind")!.ToLowerInvariant();
        var plural = kind.EndsWith('y') ? kind[..^1] + "ies" : kind + "s";
        return $"{prefix}/{apiVersion}{@namespace}/{plural}";
    }

    private async Task<(HttpStatusCode Code, string Body)> Send(
        HttpMethod method, string path, JsonNode? body, string mediaType)
    {
        using var request = new HttpRequestMessage(method, new Uri(_api.Uri, path));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        }

        if (_kubernetes.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, default);
        }

        using var response = await _http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ServerlessEventing.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The repository's root was not found.");
        }

        return folder.FullName;
    }

    // Keeps the operator's log for the message of a failing test.
    private sealed class ListLoggers(List<string> lines) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add($"{logLevel}: {formatter(state, exception)} {exception}");
            }
        }
    }
}
