// Operator and functions are replaced by another version while events come in; counted outside the house.
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using ServerlessEventing.Local.Kubernetes;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

/// <summary>
/// <code>
///   old operator, old functions ─► 1 new operator, old functions: they read a table it wrote
///                               ─► 2 new functions beside the old ones, then without them
/// </code>
/// In the long form the old version is the commit before this one, and at the end everything goes back to it; otherwise
/// this build replaces itself.
/// </summary>
public sealed class UpgradeTests
{
    private const int Producers = 4;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task OperatorAndFunctions_ReplacedUnderLoad_LoseNothing()
    {
        using var folder = new TempFolder();
        var old = LongRun.Asked ? await ProgramBuild.PreviousAsync(folder) : ProgramBuild.Current;
        ProgramBuild[] versions = LongRun.Asked ? [ProgramBuild.Current, old] : [ProgramBuild.Current];
        await using var all = await Subscriber.StartAsync();
        await using var added = await Subscriber.StartAsync();
        await using var cluster = await Cluster.StartAsync(folder);
        await cluster.StartOperatorAsync(old);
        await cluster.StartFunctionsAsync(old);
        await cluster.Kubectl.ApplyAsync(Yaml.Broker);
        await cluster.AddTriggerAsync("all", all.Uri);

        using var producer = new Producer();
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, Producers)
            .Select(number => SendUntilAsync(cluster, producer, number, stop.Token)));
        var expected = new ConcurrentBag<string>();
        for (var n = 0; n < versions.Length; n++)
        {
            // :: 1: the operator
            await cluster.ReplaceOperatorAsync(versions[n]);
            // Ready only when the functions, old ones still, have the new operator's table in force.
            await cluster.AddTriggerAsync($"added-{n}", added.Uri, $"by-operator-{n}");
            expected.Add(await SendOneAsync(cluster, producer, $"by-operator-{n}"));
            await Eventually.True(() => expected.All(added.Seen.ContainsKey), "the old functions deliver it", Deadline);

            // :: 2: the functions
            await cluster.ReplaceFunctionsAsync(versions[n]);
            expected.Add(await SendOneAsync(cluster, producer, $"by-operator-{n}"));
        }

        await stop.CancelAsync();
        await load;
        var accepted = producer.Accepted.ToList();
        Assert.True(accepted.Count > 50, $"only {accepted.Count} accepted");
        await Eventually.True(() => accepted.All(all.Seen.ContainsKey), "every accepted event arrived", Deadline);
        await Eventually.True(() => expected.All(added.Seen.ContainsKey), "those for the new Triggers, too", Deadline);
        // Nobody was killed: nothing came twice.
        Assert.All(accepted, id => Assert.Equal(1, all.Seen[id]));
        Assert.All(expected, id => Assert.Equal(1, added.Seen[id]));
        TestContext.Current.SendDiagnosticMessage("{0} → this build: {1} accepted", old.Name, accepted.Count);
    }

    private static async Task SendUntilAsync(
        Cluster cluster, Producer producer, int number, CancellationToken cancellationToken)
    {
        using var pace = new PeriodicTimer(Pace);
        for (var n = 0; !cancellationToken.IsCancellationRequested; n++)
        {
            try
            {
                using var answer = await producer.SendAsync(cluster.Broker(n), $"load-{number}-{n}", "load");
            }
            catch (HttpRequestException)
            {
                // That instance is leaving; only what was answered 202 counts.
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static async Task<string> SendOneAsync(Cluster cluster, Producer producer, string type)
    {
        var id = $"{type}-{Guid.NewGuid():N}";
        using var answer = await producer.SendAsync(cluster.Broker(0), id, type);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return id;
    }

    /// <summary>A bus and a Kubernetes API that stay, and the programs of ours that come and go.</summary>
    private sealed class Cluster : IAsyncDisposable
    {
        private readonly ServiceBusEmulator bus;
        private readonly KubernetesApi api;
        private readonly int routingPort = FreePort.Next();
        private ServerProcess? operatorProcess;
        private ServerProcess? functions;
        private volatile Uri[] addresses = [];

        private Cluster(ServiceBusEmulator bus, KubernetesApi api, string home)
        {
            this.bus = bus;
            this.api = api;
            Kubectl = new Kubectl(api.KubeconfigPath, home);
        }

        public Kubectl Kubectl { get; }

        private Uri Routing => new($"http://127.0.0.1:{routingPort}/routing");

        public static async Task<Cluster> StartAsync(TempFolder folder)
        {
            var bus = await ServiceBusEmulator.StartAsync(
                new ServiceBusEmulatorOptions { DataFolder = folder["bus"] }, CancellationToken.None);
            var api = await KubernetesApi.StartAsync(
                new KubernetesApiOptions { DataFolder = folder["kubernetes"] }, CancellationToken.None);
            var cluster = new Cluster(bus, api, folder.Path);
            await cluster.Kubectl.RunAsync(
                "apply", "--server-side", "-f", Path.Combine(AppContext.BaseDirectory, "crds"));
            await cluster.Kubectl.RunAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
            await cluster.Kubectl.RunAsync("create", "namespace", "serverless-eventing");
            return cluster;
        }

        /// <summary>Where a producer posts: any of the instances there are.</summary>
        public Uri Broker(int turn) => new(addresses[turn % addresses.Length], "/default/default");

        public async Task StartOperatorAsync(ProgramBuild build) => operatorProcess = await ServerProcess.StartAsync(
            build.Operator,
            new Uri(Routing, "/readyz"),
            new Dictionary<string, string>
            {
                ["KUBECONFIG"] = api.KubeconfigPath,
                ["ServiceBusConnection"] = bus.ConnectionString,
                ["ServiceBusManagementConnection"] = bus.ManagementConnectionString,
                ["EVENTING_ROUTING_PORT"] = routingPort.ToString(CultureInfo.InvariantCulture),
                ["EVENTING_LEADER_ELECTION"] = "true",
                ["POD_NAME"] = Guid.NewGuid().ToString("N"),
                ["POD_IP"] = "127.0.0.1",
            });

        public async Task StartFunctionsAsync(ProgramBuild build)
        {
            var port = FreePort.Next();
            var address = new Uri($"http://127.0.0.1:{port}");
            functions = await ServerProcess.StartAsync(
                build.Functions,
                new Uri(address, "/readyz"),
                new Dictionary<string, string>
                {
                    ["ServiceBusConnection"] = bus.ConnectionString,
                    ["RoutingTable"] = Routing.AbsoluteUri,
                    ["EVENTING_DOOR"] = "pump",
                    ["EVENTING_PORT"] = port.ToString(CultureInfo.InvariantCulture),
                    ["EVENTING_ALLOW_LOOPBACK"] = "true",
                });
            addresses = [.. addresses, address];
        }

        /// <summary>One goes, the next comes; the functions work with the table they have.</summary>
        public async Task ReplaceOperatorAsync(ProgramBuild build)
        {
            await operatorProcess!.TerminateAsync();
            await operatorProcess.DisposeAsync();
            await StartOperatorAsync(build);
        }

        /// <summary>The new one comes, then the old one goes, as in a rolling update.</summary>
        public async Task ReplaceFunctionsAsync(ProgramBuild build)
        {
            var leaving = functions!;
            await StartFunctionsAsync(build);
            addresses = addresses[1..];
            await leaving.TerminateAsync();
            await leaving.DisposeAsync();
        }

        public async Task AddTriggerAsync(string name, Uri subscriber, string? type = null)
        {
            await Kubectl.ApplyAsync(Yaml.Trigger(
                name, subscriber, type is null ? "[]" : $$"""[{"exact":{"type":"{{type}}"} }]"""));
            await Kubectl.RunAsync("wait", "--for=condition=Ready", $"trigger/{name}", "--timeout=60s");
        }

        public async ValueTask DisposeAsync()
        {
            await (functions?.DisposeAsync() ?? default);
            await (operatorProcess?.DisposeAsync() ?? default);
            await api.DisposeAsync();
            await bus.DisposeAsync();
        }
    }
}
