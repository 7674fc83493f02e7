// What a container is started with, when it is ready, and what becomes of its output.
using ServerlessEventing.Local.Workloads.Pods;
using ServerlessEventing.Local.Workloads.Processes;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Workloads.Tests;

public sealed class ContainerTests
{
    [Fact]
    public async Task Environment_IsResolvedAsTheKubeletDoes()
    {
        await using var machine = await Machine.StartAsync();
        await machine.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/configmaps",
            """{"metadata":{"name":"settings"},"data":{"COLOUR":"red","SIZE":"big"}}""");
        await machine.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/secrets",
            """{"metadata":{"name":"hidden"},"stringData":{"WORD":"open sesame"}}""");
        await machine.DeployAsync("web", """
            "image":"test/app","command":["/app","first"],"args":["$(COLOUR)","$$(COLOUR)","$(NONE)"],
            "envFrom":[{"configMapRef":{"name":"settings"}},{"prefix":"S_","secretRef":{"name":"hidden"}},
              {"configMapRef":{"name":"absent","optional":true}}],
            "env":[{"name":"SIZE","value":"small"},{"name":"BOTH","value":"$(SIZE) $(COLOUR)"},
              {"name":"WORD","valueFrom":{"secretKeyRef":{"name":"hidden","key":"WORD"}}},
              {"name":"MAYBE","valueFrom":{"configMapKeyRef":{"name":"settings","key":"nope","optional":true}}},
              {"name":"MY_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
              {"name":"MY_APP","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['app']"}}},
              {"name":"MY_IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}]
            """);
        await machine.ServeAsync("web");

        var started = await machine.AskAsync(await machine.PortAsync("web"));

        Assert.Equal(["first", "red", "$(COLOUR)", "$(NONE)"], started.Args);
        Assert.Equal("small red", started.Env["BOTH"]);
        Assert.Equal("open sesame", started.Env["WORD"]);
        Assert.Equal("open sesame", started.Env["S_WORD"]);
        Assert.Equal("web", started.Env["MY_APP"]);
        Assert.Equal("127.0.0.1", started.Env["MY_IP"]);
        Assert.Equal(started.Env["HOSTNAME"], started.Env["MY_NAME"]);
        Assert.DoesNotContain("MAYBE", started.Env.Keys);
        // Nothing of this machine's own settings but what a program needs to run.
        Assert.DoesNotContain("CI", started.Env.Keys);
        Assert.DoesNotContain("USER", started.Env.Keys);
    }

    [Fact]
    public async Task ConfigMap_Missing_IsSaidAndWaitedFor()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", """
            "image":"test/app","env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"late","key":"a"}}}]
            """);

        var available = await machine.ConditionAsync("web", "Available", "False");
        await Eventually.Passes(async () =>
        {
            var pod = Assert.Single(await machine.PodsAsync("web"));
            Assert.Equal("CreateContainerConfigError",
                (string?)pod["status"]!["containerStatuses"]![0]!["state"]!["waiting"]!["reason"]);
        });
        Assert.NotNull(available);

        await machine.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/configmaps",
            """{"metadata":{"name":"late"},"data":{"a":"1"}}""");
        await machine.ReadyAsync("web");
    }

    [Fact]
    public async Task ReadinessProbe_HoldsTheServiceBack()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", """
            "image":"test/app","args":["unready"],"ports":[{"name":"http","containerPort":8080}],
            "readinessProbe":{"httpGet":{"path":"/ready","port":8080}}
            """);
        await machine.ServeAsync("web", """{"name":"http","port":80,"targetPort":"http"}""");
        var port = 0;
        await Eventually.Passes(async () =>
        {
            var endpoints = await machine.SendAsync(HttpMethod.Get, "/api/v1/namespaces/default/endpoints/web");
            Assert.NotNull(endpoints["subsets"]![0]!["notReadyAddresses"]);
            port = (int)endpoints["subsets"]![0]!["ports"]![0]!["port"]!;
            await machine.AskAsync(port);
        });
        Assert.True(machine.Runner.Find("default", "web")!.IsExpected);
        Assert.Empty(machine.Runner.Find("default", "web")!.Ports);

        await machine.PokeAsync(port, "/open");

        Assert.Equal(port, await machine.PortAsync("web"));
    }

    [Fact]
    public async Task Worker_WithoutAPort_IsReadyAtOnce()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("worker", "\"image\":\"test/worker\",\"args\":[\"silent\"]");

        await machine.ReadyAsync("worker");
    }

    [Fact]
    public async Task Log_TailAndFollow_ReadAsKubectlDoes()
    {
        await using var machine = await Machine.StartAsync();
        await machine.DeployAsync("web", "\"image\":\"test/app\",\"args\":[\"lines\",\"5000\"]");
        await machine.ReadyAsync("web");
        var pod = (string)(await machine.PodsAsync("web"))[0]["metadata"]!["name"]!;

        await Eventually.True(
            async () => (await machine.LogAsync(pod, "?tailLines=1")) == "line 4999\n", "the last line is in");
        Assert.Equal("line 4998\nline 4999\n", await machine.LogAsync(pod, "?tailLines=2&container=main"));
        Assert.Equal("line", (await machine.LogAsync(pod, "?tailLines=1&limitBytes=4")));
        var all = (await machine.LogAsync(pod)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(OutputLog.MaxLines, all.Length);
        Assert.Contains("not running", await machine.LogAsync(pod, "?container=other"), StringComparison.Ordinal);
        Assert.Contains(machine.Output, line => line is { Deployment: "web", Text: "line 4999" });

        var follow = machine.LogAsync(pod, "?tailLines=1&follow=true");
        await machine.SendAsync(HttpMethod.Delete, Machine.DeploymentPath("web"));
        Assert.StartsWith("line 4999\n", await follow, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_ThatNeverEnds_IsCut()
    {
        var lines = new List<string>();
        using var stream = new MemoryStream(new byte[LineReader.MaxLine + 10]);
        using var reader = new StreamReader(stream);

        await LineReader.PumpAsync(reader, lines.Add);

        Assert.Equal([LineReader.MaxLine, 10], lines.Select(line => line.Length));
    }

    [Fact]
    public void Backoff_Doubles_AndForgetsAfterALongRun()
    {
        var backoff = new CrashBackoff();
        var waits = Enumerable.Range(0, 8).Select(_ => backoff.After(TimeSpan.Zero).TotalSeconds).ToList();

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], waits);
        Assert.Equal(CrashBackoff.First, backoff.After(TimeSpan.FromMinutes(2)));
    }

    [Theory]
    [InlineData("$(A)-$(B)", "1-$(B)")]
    [InlineData("$$(A)", "$(A)")]
    [InlineData("$A $", "$A $")]
    [InlineData("$(A", "$(A")]
    [InlineData("$$$(A)", "$1")]
    public void Expansion_FollowsKubernetes(string text, string expanded) => Assert.Equal(
        expanded, VariableExpansion.Expand(text, new Dictionary<string, string> { ["A"] = "1" }));

    [Theory]
    [InlineData("event-display", true)]
    [InlineData("ghcr.io/me/event-display:1.2", true)]
    [InlineData("localhost:5000/event-display@sha256:00", true)]
    [InlineData("my-event-display", false)]
    [InlineData("event-display/other", false)]
    public void Image_StandsForItsRepository(string image, bool stands) => Assert.Equal(
        stands, new LocalImage("event-display", _ => new LocalCommand("x")).StandsFor(image));
}
