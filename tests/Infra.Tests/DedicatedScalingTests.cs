// A dedicated Trigger's ScaledObject: KEDA's own schema takes it, and whom it names to count is there.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Local.Kubernetes;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests;

public sealed class DedicatedScalingTests
{
    private static readonly Egress Own = new()
    {
        Uid = "u",
        Kind = EgressKind.Trigger,
        Namespace = "default",
        Name = "t",
        Lane = "eventing-t",
        Dedicated = new() { Group = "default/t-trigger-filter", Topic = "default.b-kn-trigger", Subscription = "t" },
    };

    [Theory]
    [InlineData(null)]
    [InlineData("mine.servicebus.windows.net")]
    public async Task ScaledObject_AppliedStrictly_IsTakenWhole(string? identityHost)
    {
        var scaled = Scaled(identityHost);
        using var folder = new TempFolder();
        await using var api = await KubernetesApi.StartAsync(
            new KubernetesApiOptions { DataFolder = folder.Path }, CancellationToken.None);
        var kubectl = RequiredTool.Find("kubectl");
        var environment = new Dictionary<string, string>
        {
            ["KUBECONFIG"] = api.KubeconfigPath,
            ["KUBECACHEDIR"] = Path.Combine(folder.Path, "cache"),
        };
        var crd = Path.Combine(AppContext.BaseDirectory, "keda-crds", "keda.sh_scaledobjects.yaml");
        await CommandLine.OkAsync(kubectl, $"apply --server-side -f {crd}", environment: environment);
        await CommandLine.OkAsync(
            kubectl, "wait --for=condition=Established crd/scaledobjects.keda.sh --timeout=30s",
            environment: environment);
        scaled["apiVersion"] = "keda.sh/v1alpha1";
        scaled["kind"] = "ScaledObject";
        var file = folder["scaled.json"];
        await File.WriteAllTextAsync(file, scaled.ToJsonString());
        await CommandLine.OkAsync(
            kubectl, $"apply --server-side --validate=strict -n default -f {file}", environment: environment);
    }

    [Fact]
    public async Task ByWorkloadIdentity_KedaCountsAsTheOverlayLetsIt()
    {
        var objects = KubernetesObjects.Read(await Overlays.BuildAsync(Overlays.WorkloadIdentity));
        var triggers = Triggers(Scaled("mine.servicebus.windows.net"));
        Assert.Equal(2, triggers.Count);
        Assert.All(triggers, trigger =>
        {
            var reference = trigger["authenticationRef"]!;
            var authentication = objects[$"{reference["kind"]}/{reference["name"]}"];
            Assert.Null(authentication["metadata"]!["namespace"]);
            Assert.Equal("azure-workload", (string?)authentication["spec"]!["podIdentity"]!["provider"]);
            Assert.Equal(
                (string?)objects["ConfigMap/eventing-azure"]["data"]!["kedaClientId"],
                (string?)authentication["spec"]!["podIdentity"]!["identityId"]);
            Assert.Equal("mine", (string?)trigger["metadata"]!["namespace"]);
            Assert.Null(trigger["metadata"]!["connectionFromEnv"]);
        });
    }

    [Fact]
    public void ByConnectionString_KedaCountsWithThatOfThePods()
    {
        var (dispatcher, options) = Dedicated.Of(null);
        var container = KubernetesObjects.ContainersOf(dispatcher.Deployment(options, replicas: null)).Single();
        Assert.All(Triggers(Scaled(null)), trigger =>
            Assert.NotNull(KubernetesObjects.Env(container, (string)trigger["metadata"]!["connectionFromEnv"]!)));
    }

    private static JsonObject Scaled(string? identityHost)
    {
        var (dispatcher, options) = Dedicated.Of(identityHost);
        return dispatcher.ScaledObject(options, new DispatchSize(0, 10, 100, null), [Own]);
    }

    private static IReadOnlyList<JsonNode> Triggers(JsonObject scaled) =>
        [.. scaled["spec"]!["triggers"]!.AsArray().Select(trigger => trigger!)];
}
