// Deployments as processes: started, counted, replaced, ended.
using System.Text.Json.Nodes;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Workloads.Tests;

public sealed class WorkloadTests
{
    [Fact]
    public async Task Deployment_KnownImage_RunsAndSaysSo()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", "\"image\":\"ghcr.io/someone/test/app:1.2@sha256:abc\"");
        await machine.ServeAsync("web");
        await machine.ReadyAsync("web");

        var available = await machine.ConditionAsync("web", "Available", "True");
        Assert.Contains("as you", (string?)available["message"], StringComparison.Ordinal);
        var progressing = await machine.ConditionAsync("web", "Progressing", "True");
        Assert.Equal("NewReplicaSetAvailable", (string?)progressing["reason"]);
        var pod = Assert.Single(await machine.PodsAsync("web"));
        Assert.Equal("Running", (string?)pod["status"]!["phase"]);
        Assert.True((bool)pod["status"]!["containerStatuses"]![0]!["ready"]!);
        Assert.NotNull(pod["status"]!["containerStatuses"]![0]!["state"]!["running"]);
        Assert.Equal("web", (string?)pod["metadata"]!["ownerReferences"]![0]!["name"]);

        var started = await machine.AskAsync(await machine.PortAsync("web"));
        Assert.Equal("default/web", started.Env["PLACE"]);
        Assert.Equal("yes", started.Env["MACHINE"]);
        Assert.Equal((string?)pod["metadata"]!["name"], started.Env["HOSTNAME"]);
    }

    [Fact]
    public async Task Deployment_UnknownImage_SaysWhatRunsHere()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("other", "\"image\":\"nginx:1\"");

        var available = await machine.ConditionAsync("other", "Available", "False");

        Assert.Equal("ImageNotRunHere", (string?)available["reason"]);
        Assert.Contains("\"nginx:1\"; here run test/app", (string?)available["message"], StringComparison.Ordinal);
        Assert.Empty(await machine.PodsAsync("other"));
    }

    [Fact]
    public async Task Scale_UpAndDown_FollowsAndBalances()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", "\"image\":\"test/app\"");
        await machine.ServeAsync("web");
        await machine.ReadyAsync("web");

        await machine.MergeAsync($"{Machine.DeploymentPath("web")}/scale", """{"spec":{"replicas":3}}""");
        await machine.ReadyAsync("web", 3);
        await Eventually.True(() => machine.Runner.Find("default", "web")!.Ports.Count == 3, "three ports");
        var endpoints = await machine.SendAsync(HttpMethod.Get, "/api/v1/namespaces/default/endpoints/web");
        Assert.Equal(
            machine.Runner.Find("default", "web")!.Ports.Order(),
            endpoints["subsets"]!.AsArray().Select(subset => (int)subset!["ports"]![0]!["port"]!).Order());

        await machine.MergeAsync($"{Machine.DeploymentPath("web")}/scale", """{"spec":{"replicas":0}}""");
        await machine.ReadyAsync("web", 0);
        await Eventually.True(async () => (await machine.PodsAsync("web")).Count == 0, "no Pods are left");
        Assert.False(machine.Runner.Find("default", "web")!.IsExpected);
        await Eventually.Passes(async () => Assert.Empty(
            (await machine.SendAsync(
                HttpMethod.Get, "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"))["items"]!.AsArray()));
    }

    [Fact]
    public async Task Template_Changed_RollsWithoutAGap()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", "\"image\":\"test/app\",\"args\":[\"old\"]");
        await machine.ServeAsync("web");
        await machine.ReadyAsync("web");
        var before = await machine.PortAsync("web");

        await machine.SendAsync(
            HttpMethod.Patch,
            Machine.DeploymentPath("web"),
            """{"spec":{"template":{"spec":{"containers":[{"name":"main","args":["new"]}]}}}}""",
            "application/strategic-merge-patch+json");
        var gaps = 0;
        await Eventually.True(
            () =>
            {
                var ports = machine.Runner.Find("default", "web")!.Ports;
                gaps += ports.Count == 0 ? 1 : 0;
                return ports.Count == 1 && ports[0] != before;
            },
            "the new Pod has taken over");

        Assert.Equal(0, gaps);
        Assert.Equal(["new"], (await machine.AskAsync(await machine.PortAsync("web"))).Args);
        await machine.ReadyAsync("web");
    }

    [Fact]
    public async Task Template_ThatCannotRunHere_KeepsTheOldOne()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", "\"image\":\"test/app\"");
        await machine.ReadyAsync("web");

        await machine.SendAsync(
            HttpMethod.Patch,
            Machine.DeploymentPath("web"),
            """{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"nginx"}]}}}}""",
            "application/strategic-merge-patch+json");

        var progressing = await machine.ConditionAsync("web", "Progressing", "False");
        Assert.Equal("ImageNotRunHere", (string?)progressing["reason"]);
        await machine.ConditionAsync("web", "Available", "True");
        Assert.Single(await machine.PodsAsync("web"));
    }

    [Fact]
    public async Task Container_ThatEnds_IsStartedAgainWithBackoff()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("bad", "\"image\":\"test/app\",\"args\":[\"crash\",\"3\"]");

        JsonNode? status = null;
        await Eventually.Passes(async () =>
        {
            var pod = Assert.Single(await machine.PodsAsync("bad"));
            status = pod["status"]!["containerStatuses"]![0]!;
            Assert.True((long)status["restartCount"]! >= 2);
            Assert.Equal("CrashLoopBackOff", (string?)status["state"]!["waiting"]!["reason"]);
        });

        Assert.Equal(3, (int)status!["lastState"]!["terminated"]!["exitCode"]!);
        await Eventually.Passes(async () =>
        {
            // Between two starts the message may be that of a container that has not answered yet.
            var available = await machine.ConditionAsync("bad", "Available", "False");
            Assert.Contains(
                "ended with code 3: told to crash", (string?)available["message"], StringComparison.Ordinal);
        });
        var name = (string)(await machine.PodsAsync("bad"))[0]["metadata"]!["name"]!;
        Assert.Contains("told to crash", await machine.LogAsync(name, "?previous=true"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Container_ThatDied_ComesBackOnItsPort()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", "\"image\":\"test/app\"");
        await machine.ServeAsync("web");
        var port = await machine.PortAsync("web");

        await machine.PokeAsync(port, "/exit");
        await Eventually.Passes(async () =>
        {
            var pod = Assert.Single(await machine.PodsAsync("web"));
            Assert.Equal(1, (int)pod["status"]!["containerStatuses"]![0]!["restartCount"]!);
            Assert.True((bool)pod["status"]!["containerStatuses"]![0]!["ready"]!);
        });

        Assert.Equal(port, await machine.PortAsync("web"));
    }

    [Fact]
    public async Task Pod_Deleted_IsReplaced()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", "\"image\":\"test/app\"");
        await machine.ReadyAsync("web");
        var first = (string)(await machine.PodsAsync("web"))[0]["metadata"]!["name"]!;

        await machine.SendAsync(HttpMethod.Delete, $"/api/v1/namespaces/default/pods/{first}");

        await Eventually.Passes(async () =>
        {
            var pod = Assert.Single(await machine.PodsAsync("web"));
            Assert.NotEqual(first, (string?)pod["metadata"]!["name"]);
        });
        await machine.ReadyAsync("web");
    }

    [Fact]
    public async Task Deployment_Deleted_EndsItsProcess()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", "\"image\":\"test/app\"");
        await machine.ServeAsync("web");
        var port = await machine.PortAsync("web");

        await machine.SendAsync(HttpMethod.Delete, Machine.DeploymentPath("web"));

        await Eventually.True(async () => !await AnswersAsync(machine, port), "its port is closed");
        await Eventually.True(async () => (await machine.PodsAsync("web")).Count == 0, "its Pod is gone");
    }

    [Fact]
    public async Task Restart_StartsWhatWasThere_AndLeavesNoDeadPods()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", "\"image\":\"test/app\"");
        await machine.ServeAsync("web");
        await machine.ReadyAsync("web");
        var first = (string)(await machine.PodsAsync("web"))[0]["metadata"]!["name"]!;
        var port = await machine.PortAsync("web");

        await machine.RestartAsync();
        Assert.False(await AnswersAsync(machine, port) && machine.Runner.Find("default", "web") is null);

        await machine.PortAsync("web");
        await Eventually.Passes(async () =>
        {
            var pod = Assert.Single(await machine.PodsAsync("web"));
            Assert.NotEqual(first, (string?)pod["metadata"]!["name"]);
            Assert.Single((await machine.SendAsync(
                HttpMethod.Get, "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"))["items"]!.AsArray());
        });
    }

    private static async Task<bool> AnswersAsync(Machine machine, int port)
    {
        try
        {
            await machine.AskAsync(port);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
