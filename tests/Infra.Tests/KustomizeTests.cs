// The overlays: a real API server takes them, and every pod in them is as locked down as we say.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests;

public sealed class KustomizeTests
{
    [Fact]
    public async Task Overlays_AppliedStrictly_AreTakenWhole()
    {
        using var folder = new TempFolder();
        await using var api = await KubernetesApi.StartAsync(
            new KubernetesApiOptions { DataFolder = folder.Path }, CancellationToken.None);
        var kubectl = RequiredTool.Find("kubectl");
        var environment = new Dictionary<string, string>
        {
            ["KUBECONFIG"] = api.KubeconfigPath,
            ["KUBECACHEDIR"] = Path.Combine(folder.Path, "cache"),
        };
        var crds = Path.Combine(AppContext.BaseDirectory, "keda-crds");
        foreach (var file in Directory.GetFiles(crds, "*.yaml"))
        {
            await CommandLine.OkAsync(kubectl, $"apply --server-side -f {file}", environment: environment);
        }

        await CommandLine.OkAsync(
            kubectl, "wait --for=condition=Established crd/scaledobjects.keda.sh --timeout=30s",
            environment: environment);
        foreach (var overlay in Overlays.All.Select(row => row.Data))
        {
            var applied = await CommandLine.OkAsync(
                kubectl,
                $"apply --server-side --force-conflicts --validate=strict -k {Overlays.Folder(overlay)}",
                environment: environment);
            var objects = KubernetesObjects.Read(await Overlays.BuildAsync(overlay));
            Assert.Equal(objects.Count, applied.Trim().Split('\n').Length);
        }
    }

    [Theory]
    [MemberData(nameof(Overlays.All), MemberType = typeof(Overlays))]
    public async Task Pods_OfEveryOverlay_KeepTheRestrictedStandard(string overlay)
    {
        var objects = KubernetesObjects.Read(await Overlays.BuildAsync(overlay));
        var workloads = objects.Values.Where(item => (string)item["kind"]! is "Deployment" or "StatefulSet").ToList();
        Assert.True(workloads.Count >= 4);
        foreach (var pod in workloads.Select(KubernetesObjects.PodOf))
        {
            Assert.True((bool)pod["securityContext"]!["runAsNonRoot"]!);
            Assert.Equal("RuntimeDefault", (string?)pod["securityContext"]!["seccompProfile"]!["type"]);
            Assert.False((bool)pod["enableServiceLinks"]!);
            Assert.All(
                (pod["volumes"] as JsonArray ?? []).Select(volume => volume!.AsObject()),
                volume => Assert.True(volume.ContainsKey("emptyDir"), volume.ToJsonString()));
        }

        foreach (var container in workloads.SelectMany(KubernetesObjects.ContainersOf))
        {
            var security = container["securityContext"]!;
            Assert.False((bool)security["allowPrivilegeEscalation"]!);
            Assert.True((bool)security["readOnlyRootFilesystem"]!);
            Assert.Equal("ALL", (string?)security["capabilities"]!["drop"]!.AsArray().Single());
            Assert.NotNull(container["resources"]!["limits"]!["memory"]);
            Assert.NotNull(container["resources"]!["requests"]!["cpu"]);
            Assert.NotNull(container["readinessProbe"]);
            Assert.EndsWith(":0.1.0", (string?)container["image"]);
        }
    }

    [Theory]
    [MemberData(nameof(Overlays.All), MemberType = typeof(Overlays))]
    public async Task FunctionApps_OfEveryOverlay_LoadEveryFunctionOnce(string overlay)
    {
        var objects = KubernetesObjects.Read(await Overlays.BuildAsync(overlay));
        var loaded = new List<string>();
        foreach (var name in new[] { "eventing-ingress", "eventing-dispatch", "eventing-cron" })
        {
            var container = KubernetesObjects.ContainersOf(objects[$"Deployment/{name}"]).Single();
            for (var i = 0; KubernetesObjects.Env(container, $"AzureFunctionsJobHost__functions__{i}") is { } one; i++)
            {
                loaded.Add(one);
            }

            Assert.Equal("serverless-eventing", KubernetesObjects.Env(container, "AzureFunctionsWebHost__hostid"));
        }

        var functions = Directory.GetDirectories(Path.Combine(Repository.Root, "functions"))
            .Where(folder => File.Exists(Path.Combine(folder, "function.json")) && !folder.EndsWith("/app"))
            .Select(Path.GetFileName)
            .ToList();
        Assert.Equal(functions.Order(), loaded.Distinct().Order());
        // Health is in each, the others are in one.
        Assert.Equal(functions.Count + 2, loaded.Count);
    }

    [Fact]
    public async Task HostDoor_InACluster_IsTheHostItselfAndNotAScript()
    {
        var objects = KubernetesObjects.Read(await Overlays.BuildAsync(Overlays.ConnectionString));
        var container = KubernetesObjects.ContainersOf(objects["Deployment/eventing-dispatch"]).Single();
        Assert.Equal(
            "/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost",
            (string?)container["command"]!.AsArray().Single());
        // Either would make the host believe that it runs elsewhere.
        Assert.Null(KubernetesObjects.Env(container, "CONTAINER_NAME"));
        Assert.Null(KubernetesObjects.Env(container, "POD_NAMESPACE"));
    }

    [Fact]
    public async Task WorkloadIdentity_AsBuilt_NamesTheSettingsAndNoSecretButTheToken()
    {
        var yaml = await Overlays.BuildAsync(Overlays.WorkloadIdentity);
        var objects = KubernetesObjects.Read(yaml);
        var settings = objects["ConfigMap/eventing-azure"]["data"]!;
        foreach (var (account, key) in new[]
                 {
                     ("eventing-operator", "operatorClientId"), ("eventing-functions", "functionsClientId"),
                 })
        {
            Assert.Equal(
                (string?)settings[key],
                (string?)objects[$"ServiceAccount/{account}"]["metadata"]!["annotations"]!
                    ["azure.workload.identity/client-id"]);
        }

        Assert.All(
            objects["ScaledObject/eventing-dispatch"]["spec"]!["triggers"]!.AsArray(),
            trigger => Assert.Equal(
                (string?)settings["serviceBusNamespaceName"], (string?)trigger!["metadata"]!["namespace"]));
        Assert.Equal(4, yaml.Split("secretKeyRef").Length - 1);
        Assert.DoesNotContain("set-by-replacement", yaml);
    }
}
