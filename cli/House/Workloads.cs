// Runs the Deployments this laptop can run: those of the image event-display, inside this process.
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Cli.Kubernetes;
using ServerlessEventing.Cli.Manifests;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Cli.Subscribers;

namespace ServerlessEventing.Cli.House;

/// <summary>
/// Watches Deployments and Services. Level-triggered: any change leads to one look at all of them.
/// <code>
/// Deployment (image event-display) ──► an EventDisplay on a free port ──► status: available
/// Deployment (any other image)     ──► status: not available, and why
/// Service (selector ⊆ its labels)  ──► LocalNames: name.ns.svc → port; Endpoints: 127.0.0.1 and the port
/// </code>
/// </summary>
internal sealed partial class Workloads(
    ResourceClient client, LocalNames names, DataFolder data, Action<string> print, TimeProvider time, ILogger logger)
    : IAsyncDisposable
{
    private const string Deployments = "/apis/apps/v1/deployments";
    private const string Services = "/api/v1/services";
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (string Args, EventDisplay Display)> running = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly SemaphoreSlim changed = new(1);
    private Task[] loops = [];

    public void Start() => loops = [WatchAsync(Deployments), WatchAsync(Services), ReconcileAsync()];

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(loops);
        foreach (var (_, display) in running.Values)
        {
            await display.DisposeAsync();
        }

        stopping.Dispose();
        changed.Dispose();
    }

    private async Task WatchAsync(string path)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var list = await client.GetAsync(path, stopping.Token);
                Wake();
                var version = (string?)list?["metadata"]?["resourceVersion"] ?? "0";
                await foreach (var change in client.WatchAsync(path, version, stopping.Token))
                {
                    Wake();
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException)
            {
                Log.Retrying(logger, path, failure.Message);
                await PauseAsync();
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ReconcileAsync()
    {
        try
        {
            while (true)
            {
                await changed.WaitAsync(stopping.Token);
                try
                {
                    await LookAtAllAsync(stopping.Token);
                }
                catch (Exception failure) when (failure is HttpRequestException or IOException)
                {
                    Log.Retrying(logger, Deployments, failure.Message);
                    await PauseAsync();
                    Wake();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The house is closing.
        }
    }

    private async Task LookAtAllAsync(CancellationToken cancellationToken)
    {
        var deployments = await ItemsAsync(Deployments, cancellationToken);
        var wanted = deployments.Where(RunsHere).ToDictionary(Key);
        foreach (var key in running.Keys.Where(key => !wanted.ContainsKey(key)).ToList())
        {
            await StopAsync(key);
        }

        foreach (var deployment in deployments)
        {
            var outcome = !HasReplicas(deployment) ? WorkloadStatus.Stopped
                : wanted.ContainsKey(Key(deployment))
                    ? await RunAsync(Key(deployment), deployment, cancellationToken)
                    : WorkloadStatus.UnknownImage(ImageOf(deployment));
            await ReportAsync(deployment, outcome, cancellationToken);
        }

        var services = (await ItemsAsync(Services, cancellationToken))
            .Where(service => service["spec"]?["selector"] is JsonObject { Count: > 0 })
            .Select(service => (Service: service, Port: PortFor(service, wanted))).ToList();
        names.Set(services.Select(one => KeyValuePair.Create(Host(one.Service), one.Port)));
        foreach (var (service, port) in services)
        {
            await ReportEndpointsAsync(service, port, cancellationToken);
        }
    }

    private async Task<WorkloadStatus> RunAsync(string key, JsonObject deployment, CancellationToken cancellationToken)
    {
        var args = Args(deployment);
        var text = string.Join('\0', args);
        if (running.TryGetValue(key, out var current) && current.Args == text)
        {
            return WorkloadStatus.Running;
        }

        await StopAsync(key);
        var (ns, name) = (Meta(deployment, "namespace"), Meta(deployment, "name"));
        EventDisplayOptions options;
        try
        {
            options = EventDisplayArguments.ParseContainerArgs(args);
        }
        catch (CommandException wrong)
        {
            Log.WrongArgs(logger, ns, name, wrong.Message);
            return WorkloadStatus.WrongArguments(wrong.Message);
        }

        var display = await EventDisplay.StartAsync(
            options with { Ledger = options.Ledger ?? data.Ledger(ns, name) },
            text => print($"{Terminal.Bold($"{ns}/{name}")} {text}"),
            time,
            cancellationToken);
        running[key] = (text, display);
        return WorkloadStatus.Running;
    }

    private async Task StopAsync(string key)
    {
        if (running.Remove(key, out var stopped))
        {
            await stopped.Display.DisposeAsync();
        }
    }

    private async Task ReportAsync(
        JsonObject deployment, WorkloadStatus outcome, CancellationToken cancellationToken)
    {
        if (outcome.PatchFor(deployment, time.GetUtcNow()) is { } patch)
        {
            var (ns, name) = (Meta(deployment, "namespace"), Meta(deployment, "name"));
            await client.PatchAsync(
                $"/apis/apps/v1/namespaces/{ns}/deployments/{name}/status", patch, cancellationToken);
        }
    }

    /// <summary>Keeps the Endpoints of a Service true; they go when the Service goes.</summary>
    private async Task ReportEndpointsAsync(JsonObject service, int? port, CancellationToken cancellationToken)
    {
        var (ns, name) = (Meta(service, "namespace"), Meta(service, "name"));
        var subsets = port is null
            ? new JsonArray()
            : new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray(new JsonObject { ["ip"] = "127.0.0.1" }),
                ["ports"] = new JsonArray(new JsonObject { ["port"] = port, ["protocol"] = "TCP" }),
            });
        var old = await client.GetAsync($"/api/v1/namespaces/{ns}/endpoints/{name}", cancellationToken);
        if (old is not null && JsonNode.DeepEquals(old["subsets"], subsets))
        {
            return;
        }

        try
        {
            await client.ApplyAsync(EndpointsOf(service, subsets), cancellationToken);
        }
        catch (CommandException refused)
        {
            // Its namespace is going; the Service goes with it.
            Log.Retrying(logger, $"endpoints {ns}/{name}", refused.Message);
        }
    }

    private static Manifest EndpointsOf(JsonObject service, JsonArray subsets) => new("workloads", new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Endpoints",
        ["metadata"] = new JsonObject
        {
            ["name"] = Meta(service, "name"),
            ["namespace"] = Meta(service, "namespace"),
            ["ownerReferences"] = new JsonArray(new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Service",
                ["name"] = Meta(service, "name"),
                ["uid"] = Meta(service, "uid"),
            }),
        },
        ["subsets"] = subsets,
    });

    private int? PortFor(JsonObject service, Dictionary<string, JsonObject> deployments)
    {
        var selector = service["spec"]!["selector"]!.AsObject();
        var match = deployments.FirstOrDefault(pair =>
            Meta(pair.Value, "namespace") == Meta(service, "namespace") && Selects(selector, pair.Value));
        return match.Key is not null && running.TryGetValue(match.Key, out var found) ? found.Display.Port : null;
    }

    private static bool Selects(JsonObject selector, JsonObject deployment)
    {
        var labels = deployment["spec"]?["template"]?["metadata"]?["labels"] as JsonObject;
        return selector.All(pair => (string?)labels?[pair.Key] == (string?)pair.Value);
    }

    private static bool RunsHere(JsonObject deployment)
    {
        var image = ImageOf(deployment);
        var last = image[(image.LastIndexOf('/') + 1)..].Split(':', '@')[0];
        return last == WorkloadStatus.Image && HasReplicas(deployment);
    }

    private static bool HasReplicas(JsonObject deployment) => (long?)deployment["spec"]?["replicas"] is not 0;

    private static string ImageOf(JsonObject deployment) => (string?)Container(deployment)?["image"] ?? "";

    private static IReadOnlyList<string> Args(JsonObject deployment) =>
        Container(deployment)?["args"] is JsonArray args ? [.. args.Select(arg => arg?.ToString() ?? "")] : [];

    private static JsonObject? Container(JsonObject deployment) =>
        (deployment["spec"]?["template"]?["spec"]?["containers"] as JsonArray)?.FirstOrDefault() as JsonObject;

    private async Task<IReadOnlyList<JsonObject>> ItemsAsync(string path, CancellationToken cancellationToken)
    {
        var list = await client.GetAsync(path, cancellationToken);
        return list?["items"] is JsonArray items ? [.. items.OfType<JsonObject>()] : [];
    }

    private static string Key(JsonObject item) => $"{Meta(item, "namespace")}/{Meta(item, "name")}";

    private static string Host(JsonObject service) => $"{Meta(service, "name")}.{Meta(service, "namespace")}.svc";

    private static string Meta(JsonObject item, string member) => (string)item["metadata"]![member]!;

    private void Wake()
    {
        if (changed.CurrentCount == 0)
        {
            changed.Release();
        }
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(RetryDelay, time, stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The loop's own check ends it.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Looking at {Path} again: {Reason}")]
        public static partial void Retrying(ILogger logger, string path, string reason);

        [LoggerMessage(2, LogLevel.Warning, "Deployment {Namespace}/{Name} cannot run: {Reason}")]
        public static partial void WrongArgs(ILogger logger, string @namespace, string name, string reason);
    }
}
