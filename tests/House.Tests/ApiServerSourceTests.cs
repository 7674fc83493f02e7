// ApiServerSources with real adapters: those whose service account may watch tell, the others say what they lack.
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class ApiServerSourceTests
{
    // v0.7's have the same name without the group.
    private const string Kind = "apiserversources.sources.knative.dev";
    private const string Skip = "features.knative.dev/apiserversource-skip-permissions-check: 'true'";

    [Fact]
    public async Task Permissions_CheckedOrSkippedWithAndWithoutRole_OnlyThoseWithOneAreReadyAndTell()
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        var kubectl = new Kubectl(house);
        await house.StartAsync();
        await using var subscriber = await Subscriber.StartAsync();
        await using var sink = await Subscriber.StartAsync();
        await kubectl.ApplyAsync(Yaml.Broker);
        await kubectl.ApplyAsync(Yaml.Trigger("all", subscriber.Uri));
        await kubectl.ApplyAsync($$"""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: may, namespace: default}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
            subjects: [{kind: ServiceAccount, name: may}]
            ---
            {{Source("checked-may", "may", "none: none", Broker)}}
            ---
            {{Source("skipped-may", "may", Skip, $"uri: {sink.Uri}")}}
            ---
            {{Source("checked-may-not", "may-not", "none: none", Broker)}}
            ---
            {{Source("skipped-may-not", "may-not", Skip, Broker)}}
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "trigger/all", $"{Kind}/checked-may",
            $"{Kind}/skipped-may", "--timeout=90s");
        await kubectl.RunAsync("wait", "--for=condition=SufficientPermissions=False",
            $"{Kind}/checked-may-not", "--timeout=60s");
        await kubectl.RunAsync("wait", "--for=condition=Available=False",
            "deployment", "-l", "eventing.knative.dev/sourceName=skipped-may-not", "--timeout=60s");
        Assert.Contains("may not get configmaps in default", await kubectl.RunAsync(
            "get", Kind, "checked-may-not", "-o", "jsonpath={.status.conditions[*].message}"));

        await kubectl.RunAsync("create", "configmap", "one");
        await Eventually.True(() => subscriber.Deliveries > 0 && sink.Deliveries > 0, "both that may tell it");
        var states = await kubectl.RunAsync("get", Kind, "-o",
            "jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type==\"Ready\")].status} {end}");
        Assert.Contains("checked-may=True", states, StringComparison.Ordinal);
        Assert.Contains("skipped-may=True", states, StringComparison.Ordinal);
        Assert.Contains("checked-may-not=False", states, StringComparison.Ordinal);
        Assert.DoesNotContain("skipped-may-not=True", states, StringComparison.Ordinal);
        Assert.Equal((1, 1), (subscriber.Deliveries, sink.Deliveries));
    }

    private const string Broker = "ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default}";

    private static string Source(string name, string account, string annotation, string sink) => $$"""
        apiVersion: sources.knative.dev/v1
        kind: ApiServerSource
        metadata: {name: {{name}}, namespace: default, annotations: { {{annotation}} } }
        spec:
          serviceAccountName: {{account}}
          resources: [{apiVersion: v1, kind: ConfigMap}]
          sink: { {{sink}} }
        """;
}
