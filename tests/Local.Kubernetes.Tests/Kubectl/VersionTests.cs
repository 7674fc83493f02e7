// The short story, told to every kubectl that is found.
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Kubectl;

public sealed class VersionTests(RunningApi api) : IClassFixture<RunningApi>
{
    [Fact]
    public async Task Versions_EveryKubectlFound_AppliesWaitsAndDeletes()
    {
        var tools = KubectlRunner.Versions().DefaultIfEmpty(RequiredTool.Find("kubectl"));
        await Manifests.AddWidgetsAsync(api);
        await Parallel.ForEachAsync(
            tools, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (tool, _) => await TellAsync(tool));
    }

    private async Task TellAsync(string tool)
    {
        var ns = await api.NamespaceAsync();
        var kubectl = new KubectlRunner(api, tool);
        var both = Manifests.Widget + "\n---\n" + Manifests.Deployment;
        Assert.Contains("created", await kubectl.OkAsync($"apply -n {ns} -f -", both));
        Assert.Contains("unchanged", await kubectl.OkAsync($"apply -n {ns} -f -", Manifests.Widget));
        await kubectl.OkAsync($"create cm c1 -n {ns} --from-literal=a=b");
        await kubectl.OkAsync($"label wd w1 -n {ns} x=y");
        Assert.Contains("condition met", await kubectl.OkAsync(
            $"wait --for=jsonpath='{{.spec.size}}'=3 wd/w1 -n {ns} --timeout=30s"));
        Assert.Matches("w1 +red", await kubectl.OkAsync($"get wd -n {ns}"));
        Assert.Contains("serverside-applied", await kubectl.OkAsync(
            $"apply --server-side --force-conflicts -n {ns} -f -", Manifests.Widget));
        Assert.Contains("How large it is.", await kubectl.OkAsync("explain widget.spec.size"));
        Assert.Contains("yes", await kubectl.OkAsync("auth can-i create widgets"));
        Assert.Contains("deleted", await kubectl.OkAsync($"delete wd w1 -n {ns} --timeout=30s"));
    }
}
