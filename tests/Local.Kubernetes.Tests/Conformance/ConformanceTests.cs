// Other projects' CRDs and this one's: each is taken as it is, served, explained and given back unchanged.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Tests.Kubectl;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Conformance;

public sealed class ConformanceTests(RunningApi api) : IClassFixture<RunningApi>
{
    private const string Crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Conformance");

    private readonly KubectlRunner kubectl = new(api);

    [Theory]
    [InlineData("knative-crds", 18)]
    [InlineData("keda-crds", 5)]
    public async Task Crds_OfAnotherProject_ApplyExplainAndRoundTrip(string folder, int count)
    {
        api.SkipBefore(27, "OpenAPI v3");
        var files = Directory.GetFiles(Path.Combine(Folder, folder), "*.yaml");
        Assert.Equal(count, files.Length);
        foreach (var file in files)
        {
            var sent = await AddAnewAsync(file);
            var kept = (await api.SendAsync(HttpMethod.Get, $"{Crds}/{sent["metadata"]!["name"]}")).Body;
            AssertContains(sent["spec"]!, kept["spec"]!, Path.GetFileName(file));
            await AssertExplainedAsync(sent);
        }
    }

    [Fact]
    public async Task OwnCrds_AllApplyAndStayTheirSchemas()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!Directory.Exists(Path.Combine(folder.FullName, "infra", "crds")))
        {
            folder = folder.Parent!;
        }

        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder.FullName, "infra", "crds"), "*.yaml"))
        {
            await AddAnewAsync(file);
        }

        var ns = await api.NamespaceAsync();
        string At(string version) => $"/apis/eventing.knative.dev/{version}/namespaces/{ns}/triggers";
        JsonObject old = [];
        await Eventually.Passes(async () =>
        {
            (var code, old) = await api.SendAsync(HttpMethod.Post, At("v1alpha1"), """
                {"apiVersion":"eventing.knative.dev/v1alpha1","kind":"Trigger","metadata":{"name":"t"},
                 "spec":{"filter":{"sourceAndType":{"type":"x"}},"subscriber":{"dnsName":"a.b"}}}
                """);
            Assert.True(code == 201, $"{old}");
        });
        Assert.Equal("default", $"{old["spec"]!["broker"]}");
        var now = (await api.SendAsync(HttpMethod.Get, $"{At("v1")}/t")).Body;
        Assert.Equal(old["spec"]!.ToJsonString(), now["spec"]!.ToJsonString());
        var (refusal, status) = await api.SendAsync(HttpMethod.Post, At("v1"), """
            {"apiVersion":"eventing.knative.dev/v1","kind":"Trigger","metadata":{"name":"u"},"spec":{
             "subscriber":{"uri":"http://a"},"delivery":{"retry":-1}}}
            """);
        Assert.Equal(422, refusal);
        Assert.Contains("spec.broker: Required value", $"{status["message"]}");
    }

    [Fact]
    public async Task Kubectl_AppliesAndExplainsThem()
    {
        api.SkipBefore(27, "OpenAPI v3");
        // A server of its own: on the class's one the other tests make the same CRDs.
        await using var own = new RunningApi();
        await own.InitializeAsync();
        var ownKubectl = new KubectlRunner(own);
        var all = await ownKubectl.OkAsync($"apply --server-side -f '{Folder}' -R");
        Assert.Equal(23, all.Split('\n').Count(line => line.EndsWith("serverside-applied", StringComparison.Ordinal)));
        Assert.Contains("Retry is the minimum number of retries",
            await ownKubectl.OkAsync("explain broker.spec.delivery.retry"));
        Assert.Contains("triggers\t<[]Object> -required-", await ownKubectl.OkAsync("explain scaledobject.spec"));
        var ns = await own.NamespaceAsync();
        await ownKubectl.OkAsync($"apply -n {ns} -f -", """
            apiVersion: keda.sh/v1alpha1
            kind: ScaledObject
            metadata: {name: s}
            spec:
              scaleTargetRef: {name: web}
              triggers: [{type: azure-servicebus, metadata: {queueName: q, messageCount: "5"}}]
            """);
        Assert.Equal("{\"messageCount\":\"5\",\"queueName\":\"q\"}", await ownKubectl.OkAsync(
            $"get so s -n {ns} -o jsonpath='{{.spec.triggers[0].metadata}}'"));
    }

    /// <summary>The CRD of a file, also where another test has made one of its name: a cluster keeps it.</summary>
    private async Task<JsonObject> AddAnewAsync(string file)
    {
        var sent = (JsonObject)JsonNode.Parse(Manifests.ToJson(await File.ReadAllTextAsync(file)))!;
        await api.SendAsync(HttpMethod.Delete, $"{Crds}/{sent["metadata"]!["name"]}");
        await Eventually.Passes(async () =>
        {
            var (code, made) = await api.SendAsync(
                HttpMethod.Post, $"{Crds}?fieldValidation=Strict", sent.ToJsonString());
            Assert.True(code == 201, $"{Path.GetFileName(file)}: {made}");
        });
        return sent;
    }

    /// <summary>Everything that was sent is there; the server may have added defaults.</summary>
    private static void AssertContains(JsonNode sent, JsonNode kept, string path)
    {
        switch (sent)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.Where(field => field.Key != "preserveUnknownFields"))
                {
                    Assert.True(kept[name] is not null || value is null, $"{path}.{name} is there");
                    if (value is not null)
                    {
                        AssertContains(value, kept[name]!, $"{path}.{name}");
                    }
                }

                break;
            case JsonArray items:
                Assert.Equal(items.Count, kept.AsArray().Count);
                for (var at = 0; at < items.Count; at++)
                {
                    AssertContains(items[at]!, kept[at]!, $"{path}[{at}]");
                }

                break;
            default:
                Assert.True(JsonNode.DeepEquals(sent, kept), $"{path}: sent {sent}, kept {kept}");
                break;
        }
    }

    /// <summary>Each served version's document has the kind's schema, with the properties the CRD gives it.</summary>
    private async Task AssertExplainedAsync(JsonObject crd)
    {
        var spec = crd["spec"]!;
        foreach (var version in spec["versions"]!.AsArray().Where(one => one!["served"]!.GetValue<bool>()))
        {
            var wanted = version!["schema"]!["openAPIV3Schema"]!["properties"]!.AsObject().Select(one => one.Key);
            // A real server publishes it a moment after it took the CRD.
            await Eventually.Passes(async () =>
            {
                var schemas = (await api.SendAsync(
                    HttpMethod.Get, $"/openapi/v3/apis/{spec["group"]}/{version["name"]}")).Body
                    .At("components", "schemas") as JsonObject ?? [];
                var schema = Assert.Single(
                    schemas, one => one.Key.EndsWith($".{spec["names"]!["kind"]}", StringComparison.Ordinal)).Value!;
                Assert.Empty(wanted.Except(schema["properties"]!.AsObject().Select(one => one.Key)));
            });
        }
    }
}
