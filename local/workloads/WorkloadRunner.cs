// Runs Deployments of known images as processes of this machine, and keeps Pods and Endpoints true to them.
using System.Collections.Frozen;
using System.Text.Json.Nodes;
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
/// </summary>
public sealed class WorkloadRunner : IAsyncDisposable
{
    private readonly WorkloadRunnerOptions options;
    private readonly ApiConnection api;
    private readonly HttpMessageInvoker probes = new(new SocketsHttpHandler { UseProxy = false });
    private readonly Mirror deployments;
    private readonly Mirror services;
    private readonly Mirror records;
    private readonly EndpointWriter endpoints;
    private readonly Dictionary<string, DeploymentRun> runs = [];
    private readonly List<Task> leaving = [];
    private readonly LevelLoop loop;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;
    private bool leftoversRemoved;
    private volatile FrozenDictionary<string, ServiceAddress> addresses =
        FrozenDictionary<string, ServiceAddress>.Empty;

    private volatile FrozenDictionary<string, RunningPod> pods = FrozenDictionary<string, RunningPod>.Empty;

    private WorkloadRunner(WorkloadRunnerOptions options)
    {
        this.options = options;
        var logger = options.LoggerFactory.CreateLogger<WorkloadRunner>();
        loop = new LevelLoop(LookAsync, options.TimeProvider, logger);
        api = new ApiConnection(options.Api);
        endpoints = new EndpointWriter(api);
        deployments = new Mirror(api, "/apis/apps/v1/deployments", loop.Wake, options.TimeProvider, logger);
        services = new Mirror(api, "/api/v1/services", loop.Wake, options.TimeProvider, logger);
        records = new Mirror(api, "/api/v1/pods", loop.Wake, options.TimeProvider, logger);
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

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var watches = Task.WhenAll(
            deployments.RunAsync(cancellationToken),
            services.RunAsync(cancellationToken),
            records.RunAsync(cancellationToken));
        await Task.WhenAny(Task.WhenAll(deployments.Synced, services.Synced, records.Synced), watches);
        await loop.RunAsync(cancellationToken);
        await watches;
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        await RemoveLeftoversAsync(cancellationToken);
        var present = deployments.Items.Where(deployment => !deployment.IsDeleting())
            .ToDictionary(deployment => deployment.Uid());
        var ended = new List<RunningPod>();
        try
        {
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

                await run.StepAsync(deployment, records, ended, cancellationToken);
            }

            pods = runs.Values.SelectMany(run => run.Pods)
                .ToFrozenDictionary(pod => $"{pod.Record.Namespace()}/{pod.Record.Name()}");
            await PublishAddressesAsync(present, cancellationToken);
        }
        finally
        {
            // Last: nobody is sent to them any more.
            leaving.RemoveAll(task => task.IsCompleted);
            leaving.AddRange(ended.Select(EndAsync));
        }
    }

    // The Pods of a run before this one, once: their processes ended with it.
    private async Task RemoveLeftoversAsync(CancellationToken cancellationToken)
    {
        if (leftoversRemoved)
        {
            return;
        }

        foreach (var pod in records.Items.Where(pod => pod.Text("spec", "nodeName") == options.NodeName))
        {
            await RemoveAsync(pod.Namespace(), pod.Name(), cancellationToken);
        }

        leftoversRemoved = true;
    }

    private DeploymentRun NewRun(string deployment) => new(api, options.NodeName, options.Images, new PodParts
    {
        Deployment = deployment,
        Environment = new ContainerEnvironment(api),
        Machine = options.Environment,
        Probes = probes,
        Output = options.Output,
        Changed = loop.Wake,
        Hurry = stopping.Token,
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
            await RemoveAsync(pod.Record.Namespace(), pod.Record.Name(), stopping.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            // The record stays behind; the next start removes it.
        }
    }

    private async Task RemoveAsync(string @namespace, string pod, CancellationToken cancellationToken) =>
        await api.DeleteAsync($"/api/v1/namespaces/{@namespace}/pods/{pod}", cancellationToken);
}
