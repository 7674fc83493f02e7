// Says, where everybody sees it, whether these tests ran against a real API server.
namespace ServerlessEventing.Local.Kubernetes.Tests.Client;

public sealed class ClusterTests(RunningApi api) : IClassFixture<RunningApi>
{
    [Fact]
    public async Task SameTests_RunAgainstTheClusterThatIsNamed()
    {
        Assert.SkipUnless(
            RunningApi.UsesCluster,
            $"These tests ran against the small server; {RunningApi.ClusterVariable}=true with KUBECONFIG runs them "
                + "against a real API server.");
        var (code, version) = await api.SendAsync(HttpMethod.Get, "/version");
        Assert.Equal(200, code);
        TestContext.Current.TestOutputHelper?.WriteLine($"{api.Http.BaseAddress}: {version["gitVersion"]}");
    }
}
