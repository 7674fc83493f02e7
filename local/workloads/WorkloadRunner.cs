// Runs Deployments of known images as processes of this machine, and keeps Pods and Endpoints true to them.
using System.Collections.Frozen;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.Workloads.Addresses;
using ServerlessEventing.Local.Workloads.Cluster;
using ServerlessEventing.Local.Workloads.Pods;
using ServerlessEventing.Local.Workloads.Processes;
using ServerlessEventing.Local.Workloads.Rollouts;

namespace ServerlessEventing.Local.Workloads;

/// <summary>
/// What a cluster's controllers and kubelets do, for one machine and without containers. Commands run as you, with
/// your files and your network: the image table says which commands those can be.
/// <code>
///   Deployments ─watch─┐               ┌─► Rollouts: Pods made, replaced, removed ─► Pods: processes
///   Pods ───────watch──┼─► one look ───┤       └─► Pod and Deployment statuses
///   Services ───watch──┘   at it all   └─► Addresses: Endpoints, EndpointSlices, Find(service)
///   a process changes ─┘
/// </code>
/// Level-triggered: any change leads to one look, and a look that fails to one more.
/// </summary>
public sealed partial class WorkloadRunner : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);

    private readonly WorkloadRunnerOptions options;
    private readonly ILogger logger;
    private readonly ApiConnection api;
    private readonly HttpMessageInvoker probes = new(new SocketsHttpHandler { UseProxy = false });
    private readonly Mirror deployments;
    private readonly Mirror services;
    private readonly Mirror records;
    private readonly EndpointWriter endpoints;
    private readonly Dictionary<string, DeploymentRun> runs = [];
    private readonly List<Task> leaving = [];
    private readonly Channel<bool> changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;
    private volatile FrozenDictionary<string, ServiceAddress> addresses =
        FrozenDictionary<string, ServiceAddress>.Empty;

    private volatile FrozenDictionary<string, RunningPod> pods = FrozenDictionary<string, RunningPod>.Empty;

    private WorkloadRunner(WorkloadRunnerOptions options)
    {
        this.options = options;
        logger = options.LoggerFactory.CreateLogger<WorkloadRunner>();
        api = new ApiConnection(options.Api);
        endpoints = new EndpointWriter(api);
        deployments = Watch("/apis/apps/v1/deployments");
        services = Watch("/api/v1/services");
        records = Watch("/api/v1/pods");
        running = RunAsync(stopping.Token);
    }

    /// <summary>Starts; what the API holds is run as soon as it has been read.</summary>
    public static WorkloadRunner Start(WorkloadRunnerOptions options) => new(options);

    /// <summary>Where a Service leads; null for one that is not there or selects nothing.</summary>
    public ServiceAddress? Find(string @namespace, string name) => addresses.GetValueOrDefault($"{@namespace}/{name}");

    /// <summary>
    /// What a container of a Pod here wrote: the last lines, and with follow what comes until it ends. Null when there
    /// is no such container or run. An empty container name means the first.
    /// </summary>
    public IAsyncEnumerable<LoggedLine>? ReadLog(
        string @namespace, string pod, string container, bool previous, int? tail, bool follow,
        CancellationToken cancellationToken) =>
        pods.GetValueOrDefault($"{@namespace}/{pod}")?.Containers
            .FirstOrDefault(one => container.Length == 0 || one.Name == container)?
            .Log(previous)?.ReadAsync(tail, follow, cancellationToken);

    /// <summary>Ends every process.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        foreach (var pod in runs.Values.SelectMany(run => run.Clear()))
        {
            leaving.Add(pod.DisposeAsync().AsTask());
        }

        await Task.WhenAll(leaving);
        api.Dispose();
        probes.Dispose();
        stopping.Dispose();
    }

    private Mirror Watch(string path) => new(api, path, Wake, options.TimeProvider, logger);

    private void Wake() => changes.Writer.TryWrite(true);

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var watches = Task.WhenAll(
            deployments.RunAsync(cancellationToken),
            services.RunAsync(cancellationToken),
            records.RunAsync(cancellationToken));
        try
        {
            await Task.WhenAll(deployments.Synced, services.Synced, records.Synced).WaitAsync(cancellationToken);
            await RemoveLeftoversAsync(cancellationToken);
            while (await changes.Reader.ReadAsync(cancellationToken))
            {
                // Changes come in swarms: one look for each.
                await Task.Delay(Gathering, options.TimeProvider, cancellationToken);
                changes.Reader.TryRead(out _);
                await LookAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // It is being stopped.
        }

        await watches;
    }

    // The Pods of a run before this one: their processes ended with it.
    private async Task RemoveLeftoversAsync(CancellationToken cancellationToken)
    {
        foreach (var pod in records.Items.Where(pod => pod.Text("spec", "nodeName") == options.NodeName))
        {
            await TryAsync(() => RemoveAsync(pod.Namespace(), pod.Name(), cancellationToken), cancellationToken);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var present = deployments.Items.Where(deployment => !deployment.IsDeleting())
            .ToDictionary(deployment => deployment.Uid());
        var ended = new List<RunningPod>();
        foreach (var gone in runs.Keys.Where(uid => !present.ContainsKey(uid)).ToList())
        {
            ended.AddRange(runs[gone].Clear());
            runs.Remove(gone);
        }

        foreach (var (uid, deployment) in present)
        {
            if (!runs.TryGetValue(uid, out var run))
            {
                runs[uid] = run = NewRun(deployment.Name());
            }

            await TryAsync(
                () => run.StepAsync(deployment, records, ended, cancellationToken), cancellationToken);
        }

        pods = runs.Values.SelectMany(run => run.Pods)
            .ToFrozenDictionary(pod => $"{pod.Record.Namespace()}/{pod.Record.Name()}");
        await TryAsync(() => PublishAddressesAsync(present, cancellationToken), cancellationToken);

        // Last: nobody is sent to them any more.
        leaving.RemoveAll(task => task.IsCompleted);
        leaving.AddRange(ended.Select(EndAsync));
    }

    private DeploymentRun NewRun(string deployment) => new(api, options.NodeName, options.Images, new PodParts
    {
        Deployment = deployment,
        Environment = new ContainerEnvironment(api),
        Machine = options.Environment,
        Probes = probes,
        Output = options.Output,
        Changed = Wake,
        Time = options.TimeProvider,
    });

    private async Task PublishAddressesAsync(
        IReadOnlyDictionary<string, JsonObject> present, CancellationToken cancellationToken)
    {
        var all = runs.Values.SelectMany(run => run.Pods).ToList();
        var views = services.Items
            .Where(service => !service.IsDeleting() && service.Pairs("spec", "selector").Count > 0)
            .Select(service => new ServiceView(service, all)).ToList();
        addresses = views.ToFrozenDictionary(
            view => $"{view.Namespace}/{view.Name}",
            view => new ServiceAddress(view.ReadyPorts, IsExpected(view, present)));
        endpoints.Keep(views.Select(view => view.Uid).ToHashSet());
        foreach (var view in views)
        {
            await endpoints.WriteAsync(view, cancellationToken);
        }
    }

    private bool IsExpected(ServiceView view, IReadOnlyDictionary<string, JsonObject> present) => runs.Any(pair =>
        pair.Value.IsExpected
        && present[pair.Key].Namespace() == view.Namespace
        && view.Selects(present[pair.Key].Pairs("spec", "template", "metadata", "labels")));

    private async Task EndAsync(RunningPod pod)
    {
        await pod.DisposeAsync();
        try
        {
            await TryAsync(
                () => RemoveAsync(pod.Record.Namespace(), pod.Record.Name(), stopping.Token), stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The runner ends before the record is gone; the next one removes it.
        }
    }

    private async Task RemoveAsync(string @namespace, string pod, CancellationToken cancellationToken) =>
        await api.DeleteAsync($"/api/v1/namespaces/{@namespace}/pods/{pod}", cancellationToken);

    // A lost API is looked at again after a pause; what runs goes on running.
    private async Task TryAsync(Func<Task> step, CancellationToken cancellationToken)
    {
        try
        {
            await step();
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException)
        {
            Log.Retrying(logger, lost.Message);
            await Task.WhenAny(Task.Delay(Pause, options.TimeProvider, cancellationToken));
            Wake();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Looking again in a moment: {Reason}")]
        public static partial void Retrying(ILogger logger, string reason);
    }
}
