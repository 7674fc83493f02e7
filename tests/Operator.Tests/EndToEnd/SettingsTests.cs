// What an operator does differently when its settings say so.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Addressing;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class SettingsTests : IAsyncLifetime
{
    private const string Selector = """{"matchExpressions":[{"key":"team","operator":"In","values":["a","b"]}]}""";

    private readonly House _house = new()
    {
        Settings = options => options with
        {
            InjectionSelector = (JsonObject)JsonNode.Parse(Selector)!,
            FunctionsServiceAccount = "dispatcher",
            CrossNamespaceRefs = CrossNamespaceRefs.Parse("shared", out _)!,
        },
    };

    [Fact]
    public async Task Namespace_SelectedBySetting_GetsABroker()
    {
        var left = await _house.Namespace("team: c");
        var selected = await _house.Namespace("team: b");
        await _house.Ready(House.Broker(selected));
        Assert.Null(await _house.Get(House.Broker(left)));
        await _house.Patch($"api/v1/namespaces/{left}", """{"metadata":{"labels":{"team":"a"}}}""");
        await _house.Ready(House.Broker(left));
    }

    [Fact]
    public async Task Reference_IntoAnotherNamespace_NeedsTheSetting()
    {
        var (ns, other) = (await _house.Namespace("team: a"), await _house.Namespace());
        await _house.Apply("{apiVersion: v1, kind: Namespace, metadata: {name: shared} }");
        await _house.Service("shared", "sub");
        await _house.Service(other, "sub");
        await _house.Ready(House.Broker(ns));
        await _house.Apply(Trigger("allowed", "shared"), ns);
        await _house.Apply(Trigger("refused", other), ns);

        await _house.Ready(House.Trigger(ns, "allowed"));
        await _house.Condition(House.Trigger(ns, "refused"), "SubscriberResolved", "False", "CrossNamespace");

        static string Trigger(string name, string target) =>
            $$"""
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: {{name}} }
            spec:
              broker: default
              subscriber: {ref: {apiVersion: v1, kind: Service, name: sub, namespace: {{target}} } }
            """;
    }

    [Fact]
    public async Task Deployment_OfATrigger_HasTheServiceAccountAndTheLabelOfReaders()
    {
        var ns = await _house.Namespace("team: a");
        await _house.Ready(House.Broker(ns));
        await _house.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: own, annotations: {eventing.azure.dev/dispatch: dedicated} }
            spec: {broker: default, subscriber: {uri: "http://sub.example/"} }
            """,
            ns);
        await Eventually.Passes(async () =>
        {
            var deployment = await _house.Get($"apis/apps/v1/namespaces/{ns}/deployments/own-trigger-filter");
            var pod = deployment!.Spec.At("template");
            Assert.Equal("dispatcher", pod.Text("spec", "serviceAccountName"));
            Assert.Equal("true", pod.Map("metadata", "labels")["eventing.azure.dev/reads-routing-table"]);
            // A selector never changes: the label must not be in it.
            Assert.DoesNotContain(
                "eventing.azure.dev/reads-routing-table", deployment.Spec.Map("selector", "matchLabels").Keys);
        });
    }

    public ValueTask InitializeAsync() => _house.InitializeAsync();

    public ValueTask DisposeAsync() => _house.DisposeAsync();
}
