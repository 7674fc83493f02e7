// The release files: one script builds them, and they are all a cluster needs to be given.
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests;

public sealed class ReleaseTests
{
    [Fact]
    public async Task Release_Built_HasEveryCrdAndTheWholeInstallation()
    {
        RequiredTool.Find("kubectl");
        using var folder = new TempFolder();
        await CommandLine.OkAsync(Repository.Infra("release.sh"), folder.Path);

        var crds = KubernetesObjects.Read(await File.ReadAllTextAsync(Path.Combine(folder.Path, "crds.yaml")));
        Assert.Equal(Directory.GetFiles(Repository.Infra("crds"), "*.yaml").Length, crds.Count);
        Assert.All(crds.Values, crd => Assert.Equal("CustomResourceDefinition", (string?)crd["kind"]));

        var install = await File.ReadAllTextAsync(Path.Combine(folder.Path, "install.yaml"));
        Assert.Equal(await Overlays.BuildAsync(Overlays.ConnectionString), install);
    }
}
