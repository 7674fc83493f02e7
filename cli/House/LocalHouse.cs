// The whole of Serverless Eventing on one laptop: opened part by part, closed in reverse.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Cli.Kubernetes;
using ServerlessEventing.Cli.Manifests;
using ServerlessEventing.Local.FunctionsHost;
using ServerlessEventing.Local.Kubernetes;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.Operator;

namespace ServerlessEventing.Cli.House;

/// <summary>
/// One process with everything but the handler, which is a child:
/// <code>
/// 1 Service Bus emulator   2 Kubernetes API + CRDs   3 operator ──routing table──┐
/// 4 workloads (event-display)   5 proxy for cluster names                        ▼
/// 6 the function app: Functions host + handler child, or the handler with its own door
/// </code>
/// </summary>
internal sealed class LocalHouse : IAsyncDisposable
{
    private readonly HouseOptions options;
    private readonly Stack<IAsyncDisposable> parts = new();

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

        // :: 1: the bus
        var bus = Open(await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions
            {
                DataFolder = Data.ServiceBus,
                AmqpPort = ports.Amqp,
                ManagementPort = ports.Management,
                LoggerFactory = options.LoggerFactory,
            },
            cancellationToken));
        ServiceBusConnection = bus.ConnectionString;
        options.Started(
            "Service Bus", $"amqp://localhost:{ports.Amqp}, management http://localhost:{ports.Management}");

        // :: 2: the Kubernetes API
        Open(await KubernetesApi.StartAsync(
            new KubernetesApiOptions
            {
                DataFolder = Data.Kubernetes,
                Port = ports.Kubernetes,
                KubeconfigPath = Data.Kubeconfig,
                LoggerFactory = options.LoggerFactory,
            },
            cancellationToken));
        Client = new ResourceClient(Data.Kubeconfig);
        await ApplyAsync(ManifestReader.Read(BuiltInFile("crds")), cancellationToken);
        options.Started("Kubernetes API", $"https://localhost:{ports.Kubernetes}, kubeconfig {Data.Kubeconfig}");

        // :: 3: the operator
        var controlPlane = Open(await OperatorApplication.StartAsync(
            new OperatorOptions
            {
                KubeconfigPath = Data.Kubeconfig,
                ServiceBusConnection = bus.ConnectionString,
                ServiceBusManagementConnection = bus.ManagementConnectionString,
                PressurePeriod = TimeSpan.FromSeconds(2),
                LoggerFactory = options.LoggerFactory,
            },
            cancellationToken));
        options.Started("Operator", $"routing table {controlPlane.RoutingUri}");

        // :: 4 and 5: workloads and their names
        var names = new LocalNames(ports.FunctionApp);
        Open(new Workloads(
            Client, names, Data, options.Print, options.Time, options.LoggerFactory.CreateLogger<Workloads>())).Start();
        Open(await ForwardProxy.StartAsync(ports.Proxy, names, cancellationToken));
        options.Started("Proxy", $"http://localhost:{ports.Proxy} for *.svc.cluster.local");

        // :: 6: the function app
        await StartFunctionAppAsync(controlPlane.RoutingUri, cancellationToken);
        options.Started("Function app", $"http://localhost:{ports.FunctionApp} ({options.Door} door)");
    }

    private async Task StartFunctionAppAsync(Uri routingTable, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>
        {
            ["ServiceBusConnection"] = ServiceBusConnection,
            ["RoutingTable"] = routingTable.AbsoluteUri,
            ["EVENTING_DOOR"] = options.Door == Door.Pump ? "pump" : "host",
            ["EVENTING_ALLOW_LOOPBACK"] = "true",
            ["HTTP_PROXY"] = $"http://127.0.0.1:{options.Ports.Proxy}",
            ["NO_PROXY"] = "localhost,127.0.0.1,::1",
        };
        if (options.Door == Door.Pump)
        {
            settings["EVENTING_PORT"] = options.Ports.FunctionApp.ToString(
                System.Globalization.CultureInfo.InvariantCulture);
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

    /// <summary>A file or folder that comes with the program.</summary>
    public static string BuiltInFile(string name) => Path.Combine(AppContext.BaseDirectory, name);

    private T Open<T>(T part)
        where T : IAsyncDisposable
    {
        parts.Push(part);
        return part;
    }
}
