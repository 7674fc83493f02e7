// ApiServerSources: their adapters' Deployments, conditions, statuses, EventTypes.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Tests.EndToEnd;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.Sources;

public sealed class ApiServerSourceTests(House house) : IClassFixture<House>
{
    [Fact]
    public async Task OldSource_SinkIsABroker_HasTheDeploymentAndEventTypesOfV07()
    {
        var ns = await house.Namespace("knative-eventing-injection: enabled");
        await house.Apply(
            """
            apiVersion: sources.eventing.knative.dev/v1alpha1
            kind: ApiServerSource
            metadata: {name: testevents}
            spec:
              serviceAccountName: events-sa
              mode: Resource
              resources:
              - {apiVersion: v1, kind: Event}
              - {apiVersion: apps/v1, kind: Deployment, controller: true}
              sink: {apiVersion: eventing.knative.dev/v1alpha1, kind: Broker, name: default}
            """,
            ns);
        var deployment = await Deployment(ns);
        Assert.StartsWith("apiserversource-testevents-", deployment.Name, StringComparison.Ordinal);
        Assert.Equal("events-sa", deployment.Spec.Text("template", "spec", "serviceAccountName"));
        var sink = $"http://broker-ingress.serverless-eventing.svc.cluster.local/{ns}/default";
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["SINK_URI"] = sink,
                ["MODE"] = "Resource",
                ["API_VERSION"] = "v1;apps/v1",
                ["KIND"] = "Event;Deployment",
                ["CONTROLLER"] = "false;true",
                ["SYSTEM_NAMESPACE"] = ns,
            },
            Environment(deployment));

        await MakeAvailable(deployment);
        var source = await house.Ready(Path(ns, "testevents", "sources.eventing.knative.dev/v1alpha1"));
        Assert.Equal(sink, source.Status.Text("sinkUri"));
        Assert.Equal(
            ["Deployed", "EventTypesProvided", "Ready", "SinkProvided"],
            source.Status.Items("conditions").Select(condition => condition.Text("type")).Order());
        var types = await house.List($"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/eventtypes");
        Assert.Equal(
            ["dev.knative.apiserver.resource.add", "dev.knative.apiserver.resource.delete",
                "dev.knative.apiserver.resource.update"],
            types.Select(item => item.Spec.Text("type")).Order());
    }

    [Fact]
    public async Task Source_Today_IsReadyOnceItsAdapterIsAvailable()
    {
        var ns = await house.Namespace();
        await MayView(ns);
        await Apply(ns, "ceOverrides: {extensions: {region: north}}, owner: {apiVersion: apps/v1, kind: Deployment},");
        var deployment = await Deployment(ns);
        var settings = Environment(deployment);
        Assert.Equal("http://example.com/", settings["K_SINK"]);
        Assert.Equal("""{"extensions":{"region":"north"}}""", settings["K_CE_OVERRIDES"]);
        var config = JsonNode.Parse(settings["K_SOURCE_CONFIG"]);
        Assert.Equal([ns], config.Items("namespaces").Select(item => item.Text()));
        Assert.Equal("app=a,tier in (x,y),!old", config.Items("resources").Single().Text("selector"));
        Assert.Equal(("Reference", "Deployment"), (config.Text("mode"), config.Text("owner", "kind")));

        await house.Condition(Path(ns), "Deployed", "Unknown", "DeploymentUnavailable");
        await MakeAvailable(deployment);
        var source = await house.Ready(Path(ns));
        Assert.Equal("True", source.Condition("SufficientPermissions").Text("status"));
        Assert.Equal([ns], source.Status.Items("namespaces").Select(item => item.Text()));
        Assert.Equal(3, source.Status.Items("ceAttributes").Count());
    }

    [Fact]
    public async Task Source_SinkIsAReference_HasItsEventTypes()
    {
        var ns = await house.Namespace("knative-eventing-injection: enabled");
        await MayView(ns);
        await Apply(ns, "mode: Resource,", "ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default}");
        Task Registers(params string[] types) => Eventually.Passes(async () => Assert.Equal(
            types, (await EventTypes(ns)).Select(item => item.Spec.Text("type")).Order()));
        await Registers(
            "dev.knative.apiserver.resource.add", "dev.knative.apiserver.resource.delete",
            "dev.knative.apiserver.resource.update");
        Assert.All(await EventTypes(ns), item => Assert.Equal(
            ("Broker", "default"), (item.Spec.Text("reference", "kind"), item.Spec.Text("reference", "name"))));

        await house.Patch(Path(ns), """{"spec": {"mode": "Reference"}}""");
        await Registers(
            "dev.knative.apiserver.ref.add", "dev.knative.apiserver.ref.delete", "dev.knative.apiserver.ref.update");
        await house.Patch(Path(ns), """{"spec": {"sink": {"ref": null, "uri": "http://example.com/"}}}""");
        await Registers();
    }

    [Fact]
    public async Task Source_MayNotWatch_SaysWhatIsMissingUntilARoleAllowsIt()
    {
        var ns = await house.Namespace();
        await Apply(ns, "");
        await house.Condition(Path(ns), "SufficientPermissions", "False", "PermissionMissing");
        var missing = (await house.Get(Path(ns)))!.Condition("Ready");
        Assert.Equal("False", missing.Text("status"));
        Assert.Contains(
            $"{ns}/default may not get configmaps in {ns}, list configmaps in {ns}, watch configmaps in {ns}",
            missing.Text("message"), StringComparison.Ordinal);
        Assert.Empty(await house.List($"apis/apps/v1/namespaces/{ns}/deployments"));

        await house.Apply(
            """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: watcher}
            rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: watcher}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: watcher}
            subjects: [{kind: ServiceAccount, name: default}]
            """,
            ns);
        await Eventually.Passes(async () => Assert.Contains(
            $"may not watch configmaps in {ns};",
            (await house.Get(Path(ns)))!.Condition("Ready").Text("message"), StringComparison.Ordinal));
        await house.Patch(
            $"apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles/watcher",
            """{"rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}]}""");
        await MakeAvailable(await Deployment(ns));
        var source = await house.Ready(Path(ns));
        Assert.Equal("True", source.Condition("SufficientPermissions").Text("status"));
    }

    [Fact]
    public async Task Source_ChecksSkipped_AdapterIsStartedAndToldToEnd()
    {
        var ns = await house.Namespace();
        await Apply(ns, "", annotation: "features.knative.dev/apiserversource-skip-permissions-check: 'true'");
        var config = JsonNode.Parse(Environment(await Deployment(ns))["K_SOURCE_CONFIG"]);
        Assert.Equal("true", config.At("failFast")!.ToJsonString());
        await house.Condition(Path(ns), "SufficientPermissions", "True", "CheckSkipped");
    }

    [Fact]
    public async Task NamespaceSelector_NamespacesComeAndGo_AdapterFollows()
    {
        var ns = await house.Namespace();
        await MayView(ns);
        var label = $"team: {ns}";
        await Apply(ns, $"namespaceSelector: {{matchLabels: {{{label}}} }},");
        await house.Condition(Path(ns), "Deployed", "False", "NoNamespaces");
        var first = await house.Namespace(label);
        await Watches(ns, first);
        var second = await house.Namespace(label);
        await Watches(ns, first, second);
        await house.Delete($"api/v1/namespaces/{first}");
        await Watches(ns, second);
    }

    [Fact]
    public async Task NamespaceSelector_Empty_IsAllNamespaces()
    {
        var ns = await house.Namespace();
        await MayView(ns);
        await Apply(ns, "namespaceSelector: {},");
        var config = JsonNode.Parse(Environment(await Deployment(ns))["K_SOURCE_CONFIG"]);
        Assert.Equal("true", config.At("allNamespaces")!.ToJsonString());
    }

    [Theory]
    [InlineData("mode: Whole,", "SpecInvalid", "spec.mode is 'Whole'")]
    [InlineData("filters: [{cesql: 'a ='}],", "SpecInvalid", "cesql")]
    [InlineData("ceOverrides: {extensions: {id: x}},", "SpecInvalid", "ceOverrides.extensions.id")]
    public async Task Source_Wrong_SaysWhat(string field, string reason, string message)
    {
        var ns = await house.Namespace();
        await Apply(ns, field);
        await house.Condition(Path(ns), "Deployed", "False", reason);
        var source = await house.Get(Path(ns));
        Assert.Contains(message, source!.Condition("Deployed").Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Source_KindNotServed_SaysSo()
    {
        var ns = await house.Namespace();
        await house.Apply(
            """
            apiVersion: sources.knative.dev/v1
            kind: ApiServerSource
            metadata: {name: changes}
            spec:
              resources: [{apiVersion: example.com/v1, kind: Nothing}]
              sink: {uri: "http://example.com/"}
            """,
            ns);
        await house.Condition(Path(ns), "Deployed", "False", "KindUnknown");
    }

    [Fact]
    public async Task Source_Deleted_DeploymentIsGone()
    {
        var ns = await house.Namespace();
        await MayView(ns);
        await Apply(ns, "");
        await Deployment(ns);
        await house.Delete(Path(ns));
        await Eventually.True(
            async () => (await house.List($"apis/apps/v1/namespaces/{ns}/deployments")).Count == 0, "it is gone");
    }

    private static string Path(string ns, string name = "changes", string version = "sources.knative.dev/v1") =>
        $"apis/{version}/namespaces/{ns}/apiserversources/{name}";

    // Its service accounts may read everything everywhere.
    private Task MayView(string ns) => house.Apply(
        $$"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: view-{{ns}} }
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: "system:serviceaccounts:{{ns}}"}]
        """);

    private Task<IReadOnlyList<Resource>> EventTypes(string ns) =>
        house.List($"apis/eventing.knative.dev/v1beta2/namespaces/{ns}/eventtypes");

    private Task Apply(
        string ns, string fields, string sink = "uri: \"http://example.com/\"", string annotation = "none: none") =>
        house.Apply(
        $$$"""
        apiVersion: sources.knative.dev/v1
        kind: ApiServerSource
        metadata: {name: changes, annotations: { {{{annotation}}} } }
        spec: { {{{fields}}}
          resources: [{apiVersion: v1, kind: ConfigMap, selector: {matchLabels: {app: a}, matchExpressions: [
            {key: tier, operator: In, values: [x, y]}, {key: old, operator: DoesNotExist}] } }],
          sink: { {{{sink}}} } }
        """,
        ns);

    private async Task<Resource> Deployment(string ns)
    {
        Resource? found = null;
        await Eventually.Passes(async () =>
            found = Assert.Single(await house.List($"apis/apps/v1/namespaces/{ns}/deployments")));
        return found!;
    }

    private Task MakeAvailable(Resource deployment) => house.Patch(
        $"apis/apps/v1/namespaces/{deployment.Namespace}/deployments/{deployment.Name}/status",
        """{"status": {"conditions": [{"type": "Available", "status": "True", "reason": "Enough"}]}}""");

    private Task Watches(string ns, params string[] namespaces) => Eventually.Passes(async () =>
    {
        var deployment = Assert.Single(await house.List($"apis/apps/v1/namespaces/{ns}/deployments"));
        var config = JsonNode.Parse(Environment(deployment)["K_SOURCE_CONFIG"]);
        Assert.Equal(namespaces.Order(), config.Items("namespaces").Select(item => item.Text()!));
    });

    private static Dictionary<string, string> Environment(Resource deployment) =>
        deployment.Spec.Items("template", "spec", "containers").Single().Items("env")
            .ToDictionary(item => item.Text("name")!, item => item.Text("value")!);
}
