// The definitions of our kinds: few, small, and without a webhook.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Tests.EndToEnd;

namespace ServerlessEventing.Operator.Tests.Resources;

public sealed class DefinitionsTests
{
    // kubectl apply keeps the whole object in an annotation, which takes 256 KB.
    private const int MostBytes = 64 * 1024;

    private static readonly IReadOnlyList<string> Files =
        [.. Directory.EnumerateFiles(Path.Combine(House.Root(), "infra", "crds"), "*.yaml").Order()];

    [Fact]
    public void Definitions_AllOfThem_AreFewAndSmall()
    {
        Assert.Equal(19, Files.Count);
        Assert.All(Files, file => Assert.True(
            Read(file).ToJsonString().Length < MostBytes, $"{file} is larger than {MostBytes} bytes"));
    }

    [Fact]
    public void Definitions_AllOfThem_NeedNoWebhook() => Assert.All(Files, file =>
        Assert.Equal("None", Read(file).Text("spec", "conversion", "strategy")));

    // The rules are the API server's to evaluate: this one needs no more than to be there, and to be in every version.
    [Theory]
    [InlineData("eventing.knative.dev_brokers", "config")]
    [InlineData("eventing.knative.dev_triggers", "broker")]
    [InlineData("eventing.knative.dev_channels", "provisioner")]
    [InlineData("eventing.knative.dev_subscriptions", "channel")]
    [InlineData("messaging.knative.dev_subscriptions", "channel")]
    [InlineData("messaging.knative.dev_channels", "channelTemplate")]
    public void Field_ThatKnativeCallsImmutable_HasTheRuleInEveryVersion(string name, string field)
    {
        var versions = Read(Path.Combine(House.Root(), "infra", "crds", $"{name}.yaml")).Items("spec", "versions");
        Assert.All(versions, version =>
        {
            var schema = version.At("schema", "openAPIV3Schema", "properties", "spec", "properties", field);
            Assert.Equal("self == oldSelf", schema.Items("x-kubernetes-validations").Single().Text("rule"));
        });
    }

    [Fact]
    public void S9_SourceKinds_HaveLabelsEventTypesAndReaders()
    {
        var kinds = Files.Select(Read).Where(kind => kind.Text("spec", "group") == "sources.knative.dev").ToList();
        Assert.Equal(4, kinds.Count);
        var readers = Manifests.Parse(File.ReadAllText(Path.Combine(
                House.Root(), "infra", "kustomize", "base", "operator", "cluster-role.yaml")))
            .Single(role => role.Text("metadata", "labels", "duck.knative.dev/source") == "true")
            .Items("rules").Single();
        Assert.Equal(["get", "list", "watch"], readers.Items("verbs").Select(verb => verb.Text()));
        foreach (var kind in kinds)
        {
            var labels = kind.Map("metadata", "labels");
            Assert.Equal(("true", "true"), (labels["duck.knative.dev/source"], labels["knative.dev/crd-install"]));
            Assert.Contains(
                kind.Text("spec", "names", "plural"), readers.Items("resources").Select(name => name.Text()));
        }

        // A ContainerSource and a SinkBinding send whatever their containers do.
        var types = kinds.Select(kind => kind.Text("metadata", "annotations", "registry.knative.dev/eventTypes"))
            .OfType<string>().SelectMany(json => JsonNode.Parse(json)!.AsArray()).Select(item => item.Text("type")!);
        Assert.Equal(
            ["dev.knative.apiserver.ref.add", "dev.knative.apiserver.ref.delete", "dev.knative.apiserver.ref.update",
                "dev.knative.apiserver.resource.add", "dev.knative.apiserver.resource.delete",
                "dev.knative.apiserver.resource.update", "dev.knative.sources.ping"],
            types.Order());
    }

    private static JsonObject Read(string file) => Manifests.Parse(File.ReadAllText(file)).Single();
}
