// The chart: it lints, says the same as the overlays, and refuses values it cannot use.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Infra.Tests;

public sealed class HelmTests
{
    private const string Address = "ServiceBusConnection__fullyQualifiedNamespace";

    private const string Identity =
        "--set serviceBus.auth=workloadIdentity "
        + "--set serviceBus.fullyQualifiedNamespace=example.servicebus.windows.net "
        + "--set-string serviceBus.operatorClientId=00000000-0000-0000-0000-000000000001 "
        + "--set-string serviceBus.functionsClientId=00000000-0000-0000-0000-000000000002 "
        + "--set-string serviceBus.kedaClientId=00000000-0000-0000-0000-000000000003";

    [Fact]
    public async Task Chart_Linted_IsClean() =>
        Assert.Contains("0 chart(s) failed", await Helm.OkAsync($"lint {Helm.Chart} --strict"));

    [Fact]
    public async Task Chart_AsItIs_SaysWhatTheOverlaySays() =>
        await SameAsync("", await Overlays.BuildAsync(Overlays.ConnectionString));

    [Fact]
    public async Task Chart_ByWorkloadIdentity_SaysWhatTheOverlaySays() =>
        await SameAsync(Identity, await Overlays.BuildAsync(Overlays.WorkloadIdentity));

    [Fact]
    public async Task Chart_ThroughThePumpDoor_TakesThePlainImage()
    {
        var objects = await TemplateAsync("--set door=pump --set image.registry=registry.example.com/");
        var container = KubernetesObjects.ContainersOf(objects["Deployment/eventing-dispatch"]).Single();
        Assert.Equal("registry.example.com/serverless-eventing/functions:0.1.0", (string?)container["image"]);
        Assert.Null(container["command"]);
        Assert.Equal("pump", KubernetesObjects.Env(container, "EVENTING_DOOR"));
    }

    [Theory]
    [InlineData("--set door=side", "door")]
    [InlineData("--set image.registry=registry.example.com", "registry")]
    [InlineData("--set serviceBus.auth=workloadIdentity", "fullyQualifiedNamespace")]
    [InlineData("--set dispatch.minReplicas=-1", "minReplicas")]
    [InlineData("--set nonsense=1", "nonsense")]
    public async Task Chart_WithAWrongValue_SaysWhichOne(string arguments, string name)
    {
        var printed = await Helm.RunAsync($"template x {Helm.Chart} {arguments}");
        Assert.NotEqual(0, printed.Code);
        Assert.Contains(name, printed.Error);
    }

    private static async Task<Dictionary<string, JsonObject>> TemplateAsync(string arguments) =>
        KubernetesObjects.Read(
            await Helm.OkAsync($"template eventing {Helm.Chart} --namespace serverless-eventing {arguments}"));

    private static async Task SameAsync(string arguments, string overlay)
    {
        var chart = await TemplateAsync(arguments);
        var kustomize = KubernetesObjects.Read(overlay);
        // helm makes the namespace itself; the settings of the overlay are values of the chart.
        kustomize.Remove("Namespace/serverless-eventing");
        kustomize.Remove("ConfigMap/eventing-azure");
        Assert.Equal(kustomize.Keys.Order(), chart.Keys.Order());
        foreach (var (key, wanted) in kustomize)
        {
            Assert.Equal(Plain(wanted).ToJsonString(), Plain(chart[key]).ToJsonString());
        }
    }

    /// <summary>Without what may differ: who made it, the order of members, and where a setting's value lies.</summary>
    private static JsonNode Plain(JsonNode node)
    {
        switch (node)
        {
            case JsonObject map:
                var sorted = new JsonObject();
                foreach (var (name, value) in map.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    var isMaker = name is "app.kubernetes.io/managed-by" or "app.kubernetes.io/part-of"
                        or "imagePullPolicy";
                    if (value is not null && !isMaker)
                    {
                        sorted[name] = Plain(value);
                    }
                }

                return sorted;
            case JsonArray list:
                var items = list.Select(item => IsAddress(item) ? JsonValue.Create(Address) : Plain(item!));
                return new JsonArray([.. items.OrderBy(item => item.ToJsonString(), StringComparer.Ordinal)]);
            default:
                return node.DeepClone();
        }
    }

    /// <summary>The overlay reads the address from a ConfigMap, the chart has it as a value.</summary>
    private static bool IsAddress(JsonNode? item) => item is JsonObject map && map["name"]?.ToString() == Address;
}
