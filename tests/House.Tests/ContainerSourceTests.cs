// ContainerSources of both versions run an image of the table, and their events arrive.
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class ContainerSourceTests
{
    private const string Sources = """
        apiVersion: sources.knative.dev/v1
        kind: ContainerSource
        metadata: {name: beats, namespace: default}
        spec:
          template:
            spec:
              containers:
              - image: gcr.io/knative-releases/knative.dev/eventing/cmd/heartbeats:v1.19
                args: [--period=1, "--label=<3"]
                env: [{name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
          ceOverrides: {extensions: {site: north}}
          sink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default}}
        ---
        apiVersion: sources.eventing.knative.dev/v1alpha1
        kind: ContainerSource
        metadata: {name: old-beats, namespace: default}
        spec:
          image: gcr.io/knative-releases/github.com/knative/eventing-sources/cmd/heartbeats
          args: [--period=1]
          env: [{name: POD_NAME, value: old}, {name: POD_NAMESPACE, value: default}]
          sink: {apiVersion: eventing.knative.dev/v1alpha1, kind: Broker, name: default}
        """;

    [Fact]
    public async Task Heartbeats_OfBothVersions_Arrive_AndEndWithTheirSource()
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        var kubectl = new Kubectl(house);
        await house.StartAsync();
        await using var today = await Subscriber.StartAsync();
        await using var old = await Subscriber.StartAsync();
        await kubectl.ApplyAsync(Yaml.Broker);
        await kubectl.ApplyAsync(Yaml.Trigger("today", today.Uri, """[{"exact":{"site":"north"}}]"""));
        await kubectl.ApplyAsync(Yaml.Trigger("old", old.Uri, """[{"suffix":{"source":"/#default/old"}}]"""));
        await kubectl.RunAsync("wait", "--for=condition=Ready", "trigger", "--all", "--timeout=60s");

        await kubectl.ApplyAsync(Sources);
        await kubectl.RunAsync(
            "wait", "--for=condition=Ready", "containersource.sources.knative.dev/beats",
            "containersource.sources.eventing.knative.dev/old-beats", "--timeout=60s");
        await Eventually.True(() => today.Seen.Count >= 2 && old.Seen.Count >= 2, "two beats of each");

        await kubectl.RunAsync("delete", "containersource.sources.knative.dev/beats", "--timeout=30s");
        await Eventually.Passes(async () => Assert.DoesNotContain(
            "beats-deployment", await kubectl.RunAsync("get", "deployments,pods"), StringComparison.Ordinal));
    }
}
