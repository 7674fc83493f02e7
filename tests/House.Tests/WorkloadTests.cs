// Deployments of the house: seen, scaled and read with kubectl, and none outlives it.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

public sealed class WorkloadTests
{
    [Fact]
    public async Task EventDisplay_IsAProcess_ThatKubectlScalesAndReads()
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        var kubectl = new Kubectl(house);
        await house.StartAsync(Path.Combine(AppContext.BaseDirectory, "samples", "quickstart"));
        using var producer = new Producer(house.Proxy);

        await kubectl.RunAsync("scale", "deployment/hello-display", "--replicas=2");
        await kubectl.RunAsync("rollout", "status", "deployment/hello-display", "--timeout=60s");
        var names = await kubectl.RunAsync("get", "pods", "-l", "app=hello-display", "-o", "name");
        var pods = names.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, pods.Length);

        // Both replicas get their turns.
        for (var n = 0; n < 4; n++)
        {
            using var answer = await producer.SendAsync(
                new Uri("http://hello-display.default.svc.cluster.local/"), $"turn-{n}", "com.example.hello");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        foreach (var pod in pods)
        {
            await Eventually.Passes(async () =>
                Assert.Contains("  id: turn-", await kubectl.RunAsync("logs", pod), StringComparison.Ordinal));
        }

        // Wrong words are told where one looks.
        await kubectl.RunAsync("patch", "deployment", "hello-display", "--type=json", "-p",
            """[{"op":"add","path":"/spec/template/spec/containers/0/args","value":["--nonsense"]}]""");
        await Eventually.Passes(async () => Assert.Contains("CrashLoopBackOff", await kubectl.RunAsync("get", "pods")));
        await Eventually.Passes(async () => Assert.Contains("'--nonsense' is not a command or option here",
            await kubectl.RunAsync("get", "pods", "-o", "jsonpath={..lastState.terminated.message}")));
    }

    [Fact]
    public async Task House_KilledHard_LeavesNoProcess()
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        var kubectl = new Kubectl(house);
        await house.StartAsync(Path.Combine(AppContext.BaseDirectory, "samples", "quickstart"));
        await kubectl.RunAsync("wait", "--for=condition=Available", "deployment", "--all", "--timeout=60s");
        var ids = (await kubectl.RunAsync("get", "pods", "-o", "jsonpath={..containerID}"))
            .Split(' ').Select(id => int.Parse(id.Replace("process://", "", StringComparison.Ordinal),
                CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(4, ids.Count);
        Assert.All(ids, id => Assert.True(IsRunning(id)));

        await house.KillAloneAsync();

        await Eventually.True(() => ids.TrueForAll(id => !IsRunning(id)), "its children have ended");
    }

    [Theory]
    [InlineData("v1", """{"template":{"spec":{"containers":[{"image":"IMAGE"}]}}}""")]
    [InlineData("v1alpha1",
        """{"runLatest":{"configuration":{"revisionTemplate":{"spec":{"container":{"image":"IMAGE"}}}}}}""")]
    public async Task ServingService_StandsIn_AndReceivesEvents(string version, string spec)
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        var kubectl = new Kubectl(house);
        await house.StartAsync();
        using var producer = new Producer();
        const string image = "gcr.io/knative-releases/knative.dev/eventing/cmd/event_display@sha256:00";
        await kubectl.ApplyAsync($$"""
            {"apiVersion":"serving.knative.dev/{{version}}","kind":"Service",
             "metadata":{"name":"shown","namespace":"default"},
             "spec":{{spec.Replace("IMAGE", image, StringComparison.Ordinal)}} }
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "ksvc/shown", "--timeout=60s");
        await kubectl.ApplyAsync($$$"""
            apiVersion: eventing.knative.dev/v1
            kind: Broker
            metadata: {name: default, namespace: default}
            ---
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: shown, namespace: default}
            spec:
              broker: default
              subscriber: {ref: {apiVersion: serving.knative.dev/{{{version}}}, kind: Service, name: shown}}
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "trigger/shown", "--timeout=60s");

        await producer.SendAsync(new Uri(house.Ingress, "/default/default"), "served", "com.example.hello");

        await Eventually.Passes(async () => Assert.Contains(
            "  id: served", await kubectl.RunAsync("logs", "deployment/shown-deployment"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task ServingService_OfASinkBinding_SendsToItsSink_AndLosesItWithTheBinding()
    {
        using var folder = new TempFolder();
        await using var house = new HouseProcess(folder["data"]);
        var kubectl = new Kubectl(house);
        await house.StartAsync();
        await using var subscriber = await Subscriber.StartAsync();
        await kubectl.ApplyAsync(Yaml.Broker);
        await kubectl.ApplyAsync(Yaml.Trigger("beats", subscriber.Uri, """[{"exact":{"site":"north"}}]"""));
        await kubectl.ApplyAsync("""
            apiVersion: serving.knative.dev/v1
            kind: Service
            metadata: {name: beating, namespace: default}
            spec: {template: {spec: {containers: [{image: example/cmd/heartbeats, args: [--period=1]}]}}}
            ---
            apiVersion: sources.knative.dev/v1
            kind: SinkBinding
            metadata: {name: beats, namespace: default}
            spec:
              subject: {apiVersion: serving.knative.dev/v1, kind: Service, name: beating}
              sink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default}}
              ceOverrides: {extensions: {site: north}}
            """);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "trigger/beats", "sinkbinding/beats", "--timeout=60s");
        await Eventually.True(() => subscriber.Seen.Count >= 2, "two beats", TimeSpan.FromMinutes(2));
        Assert.Equal(
            "K_SINK K_CE_OVERRIDES", await kubectl.RunAsync("get", "ksvc", "beating", "-o", "jsonpath={..env[*].name}"));

        await kubectl.RunAsync("delete", "sinkbinding/beats", "--timeout=60s");

        foreach (var kind in new[] { "ksvc", "deployment" })
        {
            await Eventually.Passes(async () => Assert.Equal(
                "", await kubectl.RunAsync("get", kind, "-o", "jsonpath={..env[*].name}")));
        }
    }

    private static bool IsRunning(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
