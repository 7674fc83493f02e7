// What a restart, a crash and a taken port leave behind.
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Client;

public sealed class RestartTests(RunningApi api) : IClassFixture<RunningApi>
{
    [Fact]
    public async Task Restart_ObjectsVersionsKeysAndKubeconfig_AreTheSame()
    {
        await Manifests.AddWidgetsAsync(api);
        var ns = await api.NamespaceAsync();
        var path = $"{Manifests.WidgetsPath}/namespaces/{ns}/widgets";
        var made = (await api.SendAsync(HttpMethod.Post, path, Manifests.WidgetJson("w", """{"size":1}"""))).Body;
        await api.SendAsync(HttpMethod.Post, path, Manifests.WidgetJson("gone", """{"size":1}"""));
        await api.SendAsync(HttpMethod.Delete, $"{path}/gone");
        var list = (await api.SendAsync(HttpMethod.Get, path)).Body;
        var kubeconfig = await File.ReadAllTextAsync(api.Api.KubeconfigPath);
        await api.RestartAsync();
        Assert.Equal(kubeconfig, await File.ReadAllTextAsync(api.Api.KubeconfigPath));
        Assert.Equal(made.ToJsonString(), (await api.SendAsync(HttpMethod.Get, $"{path}/w")).Body.ToJsonString());
        Assert.Equal(list.ToJsonString(), (await api.SendAsync(HttpMethod.Get, path)).Body.ToJsonString());
        var next = (await api.SendAsync(HttpMethod.Post, path, Manifests.WidgetJson("x", """{"size":1}"""))).Body;
        Assert.True(Version(next) > Version(list));
    }

    [Fact]
    public async Task Crash_FilesAsTheyLieOnDisk_HoldEveryAnsweredWrite()
    {
        var ns = await api.NamespaceAsync();
        for (var i = 0; i < 20; i++)
        {
            await api.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/configmaps",
                $$$"""{"metadata":{"name":"c{{{i}}}"}}""");
        }

        // What a killed process leaves: the database and its write-ahead log, never closed.
        using var copy = new TempFolder();
        foreach (var file in Directory.EnumerateFiles(api.DataFolder))
        {
            File.Copy(file, copy[Path.GetFileName(file)]);
        }

        await using var revived = await KubernetesApi.StartAsync(
            new KubernetesApiOptions { DataFolder = copy.Path }, CancellationToken.None);
        var configuration = k8s.KubernetesClientConfiguration.BuildConfigFromConfigFile(revived.KubeconfigPath);
        using var client = new k8s.Kubernetes(configuration);
        var kept = await k8s.CoreV1OperationsExtensions.ListNamespacedConfigMapAsync(client.CoreV1, ns);
        Assert.Equal(20, kept.Items.Count);
    }

    [Fact]
    public async Task TakenPort_FailsSayingWhich()
    {
        using var folder = new TempFolder();
        var taken = await Assert.ThrowsAsync<PortTakenException>(() => KubernetesApi.StartAsync(
            new KubernetesApiOptions { DataFolder = folder.Path, Port = api.Api.Port }, CancellationToken.None));
        Assert.Equal(api.Api.Port, taken.Port);
        Assert.Contains($"Port {api.Api.Port} is taken", taken.Message);
    }

    [Fact]
    public void Kubeconfig_OnlyItsOwnerMayRead()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("File modes are Unix's.");
            return;
        }

        foreach (var name in (string[])["kubeconfig", "server.pem", "token"])
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite,
                File.GetUnixFileMode(Path.Combine(api.DataFolder, name)));
        }
    }

    [Fact]
    public async Task WithoutToken_Is401_AndHealthIsOpen()
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        using var stranger = new HttpClient(handler) { BaseAddress = api.Api.Uri };
        Assert.Equal(401, (int)(await stranger.GetAsync("/api/v1/namespaces")).StatusCode);
        Assert.Equal("ok", await stranger.GetStringAsync("/readyz"));
    }

    private static long Version(System.Text.Json.Nodes.JsonObject body) =>
        long.Parse(body["metadata"]!["resourceVersion"]!.GetValue<string>());
}
