// The whole of Serverless Eventing on one laptop: opened part by part, closed in reverse.
using System.Globalization;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Cli.Kubernetes;
using ServerlessEventing.Cli.Manifests;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Local.FunctionsHost;
using ServerlessEventing.Local.Kubernetes;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.Local.Workloads;
using ServerlessEventing.Local.Workloads.Scaling;
using ServerlessEventing.Local.Workloads.Serving;
using ServerlessEventing.Operator;
using ServerlessEventing.Operator.Addressing;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Cli.House;

/// <summary>
/// One process with everything but the handler, which is a child:
/// <code>
/// 1 Service Bus emulator   2 Kubernetes API + CRDs   3 operator ──routing table──┐
/// 4 workloads: Deployments as child processes, autoscaled   5 proxy for names    ▼
/// 6 the function app: Functions host + handler child, or the handler with its own door
/// </code>
/// </summary>
internal sealed class LocalHouse : IAsyncDisposable
{
    private readonly HouseOptions options;
    private readonly Stack<IAsyncDisposable> parts = new();
    private WorkloadRunner? workloads;

    private LocalHouse(HouseOptions options, DataFolder data)
    {
        this.options = options;
        Data = data;
    }

    public DataFolder Data { get; }

    /// <summary>Talks to the house's Kubernetes API.</summary>
    public ResourceClient Client { get; private set; } = null!;

    /// <summary>Connection string of the house's bus.</summary>
    public string ServiceBusConnection { get; private set; } = "";

    /// <summary>Where CloudEvents are posted from this machine.</summary>
    public Uri Ingress => new($"http://localhost:{options.Ports.FunctionApp}");

    /// <summary>The proxy that knows the cluster's names.</summary>
    public Uri Proxy => new($"http://127.0.0.1:{options.Ports.Proxy}");

    public static async Task<LocalHouse> StartAsync(HouseOptions options, CancellationToken cancellationToken)
    {
        options.Ports.RequireFree();
        var house = new LocalHouse(options, DataFolder.Open(options.DataFolder));
        try
        {
            await house.StartPartsAsync(cancellationToken);
            return house;
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    /// <summary>Applies manifests in order.</summary>
    public async Task ApplyAsync(IEnumerable<Manifest> manifests, CancellationToken cancellationToken)
    {
        foreach (var manifest in manifests)
        {
            await Client.ApplyAsync(manifest, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (parts.TryPop(out var part))
        {
            await part.DisposeAsync();
        }

        Client?.Dispose();
        Data.Dispose();
    }

    private async Task StartPartsAsync(CancellationToken cancellationToken)
    {
        var ports = options.Ports;
        Open(new SmallHeap(options.Time));

        // :: 1: the bus
        var bus = Open(await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions
            {
                DataFolder = Data.ServiceBus,
                AmqpPort = ports.Amqp,
                ManagementPort = ports.Management,
                Quirks = options.Quirks,
                LoggerFactory = options.LoggerFactory,
            },
            cancellationToken));
        ServiceBusConnection = bus.ConnectionString;
        options.Started(
            "Service Bus", $"amqp://localhost:{ports.Amqp}, management http://localhost:{ports.Management}");

        // :: 2: the Kubernetes API
        var api = Open(await KubernetesApi.StartAsync(
            new KubernetesApiOptions
            {
                DataFolder = Data.Kubernetes,
                Port = ports.Kubernetes,
                KubeconfigPath = Data.Kubeconfig,
                PodLogs = ReadLog,
                LoggerFactory = options.LoggerFactory,
            },
            cancellationToken));
        Client = new ResourceClient(Data.Kubeconfig);
        await ApplyAsync(ManifestReader.Read(BuiltInFile("crds")), cancellationToken);
        await ApplyAsync(ManifestReader.Read(BuiltInFile("local-crds")), cancellationToken);
        var speed = await AutoscaleAsync(cancellationToken);
        options.Started("Kubernetes API", $"https://localhost:{ports.Kubernetes}, kubeconfig {Data.Kubeconfig}");

        // :: 3: the operator
        var controlPlane = Open(await OperatorApplication.StartAsync(
            new OperatorOptions
            {
                KubeconfigPath = Data.Kubeconfig,
                ServiceBusConnection = bus.ConnectionString,
                ServiceBusManagementConnection = bus.ManagementConnectionString,
                PressurePeriod = TimeSpan.FromSeconds(2),
                CrossNamespaceRefs = CrossNamespaceRefs.Parse(
                        Environment.GetEnvironmentVariable(CrossNamespaceRefs.Variable), out var misspelt)
                    ?? throw new CommandException(misspelt),
                MakesEventTypes = Environment.GetEnvironmentVariable(OperatorOptions.EventTypesVariable) == "true",
                LoggerFactory = options.LoggerFactory,
            },
            cancellationToken));
        options.Started("Operator", $"routing table {controlPlane.RoutingUri}");

        // :: 4 and 5: workloads and their names
        var settings = FunctionSettings(controlPlane.RoutingUri);
        workloads = StartWorkloads(api, settings);
        if (speed is { } times)
        {
            StartAutoscaler(api, new ServiceBusAdministrationClient(bus.ManagementConnectionString), times);
        }

        var names = new LocalNames(ports.FunctionApp, workloads.Find, options.Time);
        Open(await ForwardProxy.StartAsync(ports.Proxy, names, cancellationToken));
        options.Started("Proxy", $"http://localhost:{ports.Proxy} for *.svc.cluster.local");

        // :: 6: the function app
        await StartFunctionAppAsync(settings, cancellationToken);
        options.Started("Function app", $"http://localhost:{ports.FunctionApp} ({options.Door} door)");
    }

    private WorkloadRunner StartWorkloads(KubernetesApi api, IReadOnlyDictionary<string, string> settings)
    {
        var runner = Open(WorkloadRunner.Start(new WorkloadRunnerOptions
        {
            Api = api.CreateClient(),
            Images = new HouseImages(Data, settings).Table,
            Environment = ProxySettings,
            Output = Show,
            LoggerFactory = options.LoggerFactory,
            TimeProvider = options.Time,
        }));
        Open(ServingStandIn.Start(api.CreateClient(), options.Time, options.LoggerFactory));
        options.Started("Workloads", "Deployments of known images run as processes of this machine, as you");
        return runner;
    }

    /// <summary>
    /// The operator makes ScaledObjects, and leaves the replicas alone, wherever the kind is served: so who once had
    /// it in this data folder keeps the autoscaler.
    /// </summary>
    private async Task<int?> AutoscaleAsync(CancellationToken cancellationToken)
    {
        var kind = ManifestReader.Read(BuiltInFile("keda-crds")).Single();
        if (options.Autoscale is { } speed)
        {
            await Client.ApplyAsync(kind, cancellationToken);
            return speed;
        }

        return await Client.GetAsync(kind, cancellationToken) is null ? null : 1;
    }

    private void StartAutoscaler(KubernetesApi api, ServiceBusAdministrationClient bus, int speed)
    {
        Open(Autoscaler.Start(new AutoscalerOptions
        {
            Api = api.CreateClient(),
            Scalers = new Dictionary<string, ScalerQuestion>
            {
                [ServiceBusScaler.Type] = new ServiceBusScaler(bus).AskAsync,
            },
            Speed = speed,
            Scaled = change => options.Print(
                $"{Terminal.Bold($"{change.Namespace}/{change.Deployment}")} {change.From} → {change.To} replicas"),
            LoggerFactory = options.LoggerFactory,
            TimeProvider = options.Time,
        }));
        options.Started("Autoscaler", "ScaledObjects" + (speed == 1 ? "" : $", {speed} times as fast as in a cluster"));
    }

    /// <summary>What makes cluster names work for a child that heeds it.</summary>
    private Dictionary<string, string> ProxySettings
    {
        get
        {
            var proxy = Proxy.OriginalString;
            const string direct = "localhost,127.0.0.1,::1";
            return new Dictionary<string, string>
            {
                ["HTTP_PROXY"] = proxy,
                ["http_proxy"] = proxy,
                ["NO_PROXY"] = direct,
                ["no_proxy"] = direct,
            };
        }
    }

    private Dictionary<string, string> FunctionSettings(Uri routingTable) => new(ProxySettings)
    {
        ["ServiceBusConnection"] = ServiceBusConnection,
        ["RoutingTable"] = routingTable.AbsoluteUri,
        ["EVENTING_DOOR"] = options.Door == Door.Pump ? "pump" : "host",
        ["EVENTING_ALLOW_LOOPBACK"] = "true",
    };

    private async Task StartFunctionAppAsync(
        Dictionary<string, string> settings, CancellationToken cancellationToken)
    {
        if (options.Door == Door.Pump)
        {
            settings = new Dictionary<string, string>(settings)
            {
                ["EVENTING_PORT"] = options.Ports.FunctionApp.ToString(CultureInfo.InvariantCulture),
            };
            Open(await PumpProcess.StartAsync(
                options.Ports.FunctionApp,
                settings,
                options.Time,
                options.LoggerFactory.CreateLogger<PumpProcess>(),
                cancellationToken));
            return;
        }

        var handler = SelfProcess.ForVerb("functions", "--child");
        Open(await FunctionsHost.StartAsync(
            new FunctionsHostOptions
            {
                AppRoot = BuiltInFile("app"),
                Port = options.Ports.FunctionApp,
                HandlerExecutable = handler.Executable,
                HandlerArguments = handler.Arguments,
                Settings = settings,
                LoggerFactory = options.LoggerFactory,
            },
            cancellationToken));
    }

    private void Show(OutputLine line) =>
        options.Print($"{Terminal.Bold($"{line.Namespace}/{line.Deployment}")} {line.Text}");

    private IAsyncEnumerable<(DateTimeOffset, string)>? ReadLog(
        PodLogQuery query, CancellationToken cancellationToken) =>
        workloads?.ReadLog(
            query.Namespace, query.Pod, query.Container, query.Previous, query.Tail, query.Follow, cancellationToken)?
            .Select(line => (line.At, line.Text));

    /// <summary>A file or folder that comes with the program.</summary>
    public static string BuiltInFile(string name) => Path.Combine(AppContext.BaseDirectory, name);

    private T Open<T>(T part)
        where T : IAsyncDisposable
    {
        parts.Push(part);
        return part;
    }
}
