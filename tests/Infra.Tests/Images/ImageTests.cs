// The images without a container engine: the same layout by the same command, run as the same unprivileged user.
using ServerlessEventing.Local.FunctionsHost;
using ServerlessEventing.Local.Kubernetes;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Infra.Tests.Images;

public sealed class ImageTests(Published published) : IClassFixture<Published>
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("functions")]
    [InlineData("functions-host")]
    [InlineData("operator")]
    [InlineData("eventing")]
    public void Dockerfile_OfEach_IsMultiStageNonRootAndLabelled(string name)
    {
        var file = new Dockerfile(name);
        Assert.Equal(2, file.Stages.Count);
        Assert.Equal("1654", file.User);
        Assert.Equal(["description", "licenses", "title", "vendor", "version"], file.Labels.Keys.Order());
        Assert.Equal("0.1.0", file.Labels["version"]);
        Assert.Equal("Apache-2.0", file.Labels["licenses"]);
        Assert.NotEmpty(file.Publish);
        Assert.NotEmpty(file.Entrypoint);
        // Those with no need of one have no shell either.
        Assert.True(name == "functions-host" || file.Stages[1].Contains("chiseled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task HostDoor_AsItsImageLaysItOut_IsAFunctionAppThatDelivers()
    {
        var file = new Dockerfile("functions-host");
        var layout = await published.OutAsync(file);
        Assert.Equal("", file.Copy.From);
        // Where the Functions image looks for the app.
        Assert.True(file.Says($"AzureWebJobsScriptRoot={file.Copy.To} "));
        Assert.True(File.Exists(Path.Combine(layout, "host.json")));
        foreach (var folder in Directory.GetDirectories(Path.Combine(Repository.Root, "functions"))
                     .Where(folder => !folder.EndsWith("/app", StringComparison.Ordinal)
                         && File.Exists(Path.Combine(folder, "function.json"))))
        {
            Assert.True(File.Exists(Path.Combine(layout, Path.GetFileName(folder), "function.json")), folder);
        }

        await using var path = await EventPath.StartAsync();
        await using var host = await FunctionsHost.StartAsync(
            new FunctionsHostOptions { AppRoot = layout, Settings = path.Settings }, CancellationToken.None);
        Assert.Equal("image-1", await path.SendAsync(host.Port));
    }

    [Fact]
    public Task PumpDoor_AsAnUnprivilegedUserOnAReadOnlyRoot_Delivers() =>
        PumpDeliversAsync(new Dockerfile("functions-host"));

    [Fact]
    public Task PumpDoor_CompiledAheadOfTime_Delivers()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("EVENTING_LONG") == "1", "Takes minutes: set EVENTING_LONG=1.");
        return PumpDeliversAsync(new Dockerfile("functions"));
    }

    [Fact]
    public async Task Operator_AsAnUnprivilegedUserOnAReadOnlyRoot_BecomesReady()
    {
        var file = new Dockerfile("operator");
        var layout = await published.OutAsync(file);
        Assert.Equal(("dotnet", "/app/"), (file.Entrypoint[0], file.Copy.To + "/"));
        var program = file.Entrypoint[1].Replace("/app/", "/mnt/", StringComparison.Ordinal);

        await using var path = await EventPath.StartAsync();
        using var folder = new TempFolder();
        await using var api = await KubernetesApi.StartAsync(
            new KubernetesApiOptions { DataFolder = folder.Path }, CancellationToken.None);
        await Crds.InstallAsync(api, folder.Path);
        // The file itself is its owner's alone, so the other user gets a copy inside what the container sees.
        var kubeconfig = Path.Combine(layout, "kubeconfig");
        File.Copy(api.KubeconfigPath, kubeconfig, overwrite: true);
        MakeReadable(kubeconfig);

        var port = FreePort.Next();
        var settings = new Dictionary<string, string>
        {
            ["ServiceBusConnection"] = path.Settings["ServiceBusConnection"],
            ["ServiceBusManagementConnection"] = path.ManagementConnection,
            ["KUBECONFIG"] = "/mnt/kubeconfig",
            ["EVENTING_ROUTING_PORT"] = $"{port}",
            ["RoutingTableToken"] = "secret",
        };
        await using var container = Container.Start(layout, file.User, ["dotnet", program], settings);
        await ReadyAsync(container, port);
        Assert.DoesNotContain("secret", container.Output, StringComparison.Ordinal);

        // The image's health check, of the operator as of an adapter: whichever of its two addresses answers.
        Assert.Equal(["dotnet", file.Entrypoint[1], "--probe"], file.HealthCheck.Take(3));
        Assert.Equal(
            ["http://127.0.0.1:8090/healthz", $"tcp://127.0.0.1:{file.Environment["PORT"]}"], file.HealthCheck.Skip(3));
        var dead = $"tcp://127.0.0.1:{FreePort.Next()}";
        Assert.Equal(0, await ProbeAsync($"http://127.0.0.1:{port}/healthz {dead}"));
        Assert.Equal(0, await ProbeAsync($"{dead} tcp://127.0.0.1:{port}"));
        Assert.Equal(1, await ProbeAsync(dead));

        async Task<int> ProbeAsync(string addresses) => (await CommandLine.RunAsync(
            "dotnet", $"{Path.Combine(layout, Path.GetFileName(program))} --probe {addresses}")).Code;
    }

    private async Task PumpDeliversAsync(Dockerfile file)
    {
        var layout = await published.OutAsync(file);
        await using var path = await EventPath.StartAsync();
        var port = FreePort.Next();
        var settings = path.Settings;
        settings["EVENTING_DOOR"] = "pump";
        settings["EVENTING_PORT"] = $"{port}";
        await using var container = Container.Start(
            layout, file.User, ["/mnt/ServerlessEventing.Functions"], settings);
        await ReadyAsync(container, port);
        Assert.Equal("image-1", await path.SendAsync(port));

        const string Program = "/ServerlessEventing.Functions";
        var inImage = file.Copy.To.EndsWith(Program, StringComparison.Ordinal) ? file.Copy.To : file.Copy.To + Program;
        Assert.Equal([inImage, "--probe", "http://127.0.0.1:8080/healthz"], file.HealthCheck);
        var probe = await CommandLine.RunAsync(
            Path.Combine(layout, "ServerlessEventing.Functions"), $"--probe http://127.0.0.1:{port}/healthz");
        Assert.Equal(0, probe.Code);
        Assert.Equal(0, await container.StopAsync(StartLimit));
    }

    private static async Task ReadyAsync(Container container, int port)
    {
        using var http = new HttpClient();
        try
        {
            await Eventually.True(() => AnswersAsync(http, port), "ready", StartLimit);
        }
        catch (Exception) when (container.Output.Length > 0)
        {
            Assert.Fail(container.Output);
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient http, int port)
    {
        try
        {
            using var answer = await http.GetAsync($"http://127.0.0.1:{port}/readyz");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static void MakeReadable(string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        }
    }
}
