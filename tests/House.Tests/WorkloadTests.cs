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
