// What users do with kubectl and their own kinds.
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Kubectl;

public sealed class CustomResourceTests(RunningApi api) : IClassFixture<RunningApi>
{
    private readonly KubectlRunner kubectl = new(api);

    [Fact]
    public async Task Apply_CrdThenObject_CreatedThenUnchangedThenConfigured()
    {
        var ns = await WidgetsAsync();
        Assert.Contains("widget.example.org/w1 created",
            await kubectl.OkAsync($"apply -n {ns} -f -", Manifests.Widget));
        Assert.Contains("unchanged", await kubectl.OkAsync($"apply -n {ns} -f -", Manifests.Widget));
        var larger = Manifests.Widget.Replace("size: 3", "size: 4", StringComparison.Ordinal);
        Assert.Contains("configured", await kubectl.OkAsync($"apply -n {ns} -f -", larger));
        Assert.Equal("4 2", await kubectl.OkAsync(
            $"get wd w1 -n {ns} -o jsonpath='{{.spec.size}} {{.metadata.generation}}'"));
    }

    [Fact]
    public async Task Get_TableYamlJsonpathAndCategories_ShowWhatIsThere()
    {
        var ns = await WithWidgetAsync();
        Assert.Matches(@"NAME +COLOUR +READY +AGE\s+w1 +red +\S+", await kubectl.OkAsync($"get widgets -n {ns}"));
        Assert.Matches(@"w1 +red +.*best", await kubectl.OkAsync($"get widgets -n {ns} -o wide"));
        Assert.Contains("colour: red", await kubectl.OkAsync($"get widget w1 -n {ns} -o yaml"));
        Assert.Contains("w1", await kubectl.OkAsync($"get toys -n {ns}"));
        Assert.Equal("widget.example.org/w1\n", await kubectl.OkAsync($"get wd -n {ns} -l team=a -o name"));
        Assert.Contains("w1", await kubectl.OkAsync("get wd -A --chunk-size=1"));
        Assert.Contains("apiVersion: example.org/v1alpha1",
            await kubectl.OkAsync($"get widgets.v1alpha1.example.org w1 -n {ns} -o yaml"));
    }

    [Fact]
    public async Task Patch_JsonMergeAndStrategic_LastOneIsRefusedPolitely()
    {
        var ns = await WithWidgetAsync();
        await kubectl.OkAsync($"patch wd w1 -n {ns} --type=merge -p '{{\"spec\":{{\"size\":5}}}}'");
        await kubectl.OkAsync(
            $"patch wd w1 -n {ns} --type=json "
            + "-p '[{\"op\":\"replace\",\"path\":\"/spec/colour\",\"value\":\"blue\"}]'");
        Assert.Equal("5blue", await kubectl.OkAsync($"get wd w1 -n {ns} -o jsonpath='{{.spec.size}}{{.spec.colour}}'"));
        var refused = await kubectl.RunAsync($"patch wd w1 -n {ns} -p '{{\"spec\":{{}}}}'");
        Assert.Equal(1, refused.Code);
        Assert.Contains("strategic-merge-patch+json is not supported by example.org/v1, Kind=Widget", refused.Error);
    }

    [Fact]
    public async Task LabelAnnotateEditReplace_ChangeTheObject()
    {
        var ns = await WithWidgetAsync();
        await kubectl.OkAsync($"label wd w1 -n {ns} team=b --overwrite");
        await kubectl.OkAsync($"annotate wd w1 -n {ns} note=hello");
        var edited = await kubectl.RunAsync($"edit wd w1 -n {ns}", editor: "sed -i 's/size: 3/size: 6/'");
        Assert.True(edited.Code == 0, edited.All);
        Assert.Equal("b hello 6", await kubectl.OkAsync(
            $"get wd w1 -n {ns} -o jsonpath="
            + "'{.metadata.labels.team} {.metadata.annotations.note} {.spec.size}'"));
        await kubectl.OkAsync($"replace -n {ns} -f -", Manifests.Widget);
        Assert.Equal("3", await kubectl.OkAsync($"get wd w1 -n {ns} -o jsonpath='{{.spec.size}}'"));
    }

    [Fact]
    public async Task StatusPatch_ThenWaitAndGet_ShowItAndLeaveTheGeneration()
    {
        var ns = await WithWidgetAsync();
        await kubectl.OkAsync($"patch wd w1 -n {ns} --type=merge -p '{{\"status\":{{\"phase\":\"ignored\"}}}}'");
        var waiting = kubectl.OkAsync($"wait --for=condition=Ready wd/w1 -n {ns} --timeout=30s");
        await kubectl.OkAsync($"patch wd w1 -n {ns} --subresource=status --type=merge -p "
            + "'{\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}'");
        Assert.Contains("condition met", await waiting);
        Assert.Matches(@"w1 +red +True", await kubectl.OkAsync($"get wd w1 -n {ns}"));
        Assert.Equal("1 ", await kubectl.OkAsync(
            $"get wd w1 -n {ns} -o jsonpath='{{.metadata.generation}} {{.status.phase}}'"));
    }

    [Fact]
    public async Task GetWatch_ChangesAndDeletion_ArePrintedAsTheyHappen()
    {
        var ns = await WithWidgetAsync();
        using var watch = kubectl.Start($"get wd -n {ns} -w");
        try
        {
            Assert.Contains("NAME", await Line(watch));
            Assert.Contains("w1", await Line(watch));
            await kubectl.OkAsync($"patch wd w1 -n {ns} --type=merge -p '{{\"spec\":{{\"colour\":\"blue\"}}}}'");
            Assert.Contains("blue", await Line(watch));
        }
        finally
        {
            watch.Kill();
        }
    }

    [Fact]
    public async Task Delete_WithFinalizer_WaitsUntilItIsTakenAway()
    {
        var ns = await WithWidgetAsync();
        await kubectl.OkAsync(
            $"patch wd w1 -n {ns} --type=merge -p '{{\"metadata\":{{\"finalizers\":[\"example.org/hold\"]}}}}'");
        await kubectl.OkAsync($"delete wd w1 -n {ns} --wait=false");
        Assert.NotEqual("", await kubectl.OkAsync($"get wd w1 -n {ns} -o jsonpath='{{.metadata.deletionTimestamp}}'"));
        using var waiting = kubectl.Start($"delete wd w1 -n {ns} --timeout=30s");
        Assert.Contains("deleted", await Line(waiting));
        Assert.False(waiting.HasExited);
        await kubectl.OkAsync(
            $"patch wd w1 -n {ns} --type=json -p '[{{\"op\":\"remove\",\"path\":\"/metadata/finalizers\"}}]'");
        await waiting.WaitForExitAsync().WaitAsync(Eventually.DefaultDeadline);
        Assert.Equal(0, waiting.ExitCode);
        Assert.Contains("NotFound", (await kubectl.RunAsync($"get wd w1 -n {ns}")).Error);
    }

    [Fact]
    public async Task ServerSideApply_OtherManager_ConflictNamesFieldAndForceTakesIt()
    {
        var ns = await WithWidgetAsync();
        var larger = Manifests.Widget.Replace("size: 3", "size: 7", StringComparison.Ordinal);
        var conflict = await kubectl.RunAsync($"apply -n {ns} --server-side --field-manager=other -f -", larger);
        Assert.Equal(1, conflict.Code);
        Assert.Contains(".spec.size", conflict.Error);
        Assert.Contains("serverside-applied", await kubectl.OkAsync(
            $"apply -n {ns} --server-side --force-conflicts --field-manager=other -f -", larger));
        Assert.Equal("7", await kubectl.OkAsync($"get wd w1 -n {ns} -o jsonpath='{{.spec.size}}'"));
    }

    [Theory]
    [InlineData("{size: 1, colr: red}", "strict decoding error: unknown field \"spec.colr\"")]
    [InlineData("{size: 12}", "spec.size: Invalid value: 12: spec.size in body should be less than or equal to 9")]
    [InlineData("{}", "spec.size: Required value")]
    [InlineData("{size: many}", "spec.size in body must be of type integer: \"string\"")]
    [InlineData("{size: 1, colour: pink}", "Unsupported value: \"pink\": supported values: \"red\", \"blue\"")]
    public async Task Apply_WrongManifest_SaysWhatAndWhere(string spec, string expected)
    {
        api.SkipBefore(27, "checking fields on the server");
        var ns = await WidgetsAsync();
        var manifest = $"apiVersion: example.org/v1\nkind: Widget\nmetadata: {{name: bad}}\nspec: {spec}\n";
        var refused = await kubectl.RunAsync($"apply -n {ns} -f -", manifest);
        Assert.Equal(1, refused.Code);
        Assert.Contains(expected, refused.Error);
    }

    [Fact]
    public async Task ExplainDescribeDiffDryRunScale_Work()
    {
        var ns = await WithWidgetAsync();
        Assert.Contains("How large it is.", await kubectl.OkAsync("explain widget.spec.size"));
        var described = await kubectl.OkAsync($"describe wd w1 -n {ns}");
        Assert.Contains("Colour:  red", described);
        Assert.Contains("Events:", described);
        var larger = Manifests.Widget.Replace("size: 3", "size: 8", StringComparison.Ordinal);
        Assert.Equal(1, (await kubectl.RunAsync($"diff -n {ns} -f -", larger)).Code);
        Assert.Contains("(server dry run)", await kubectl.OkAsync($"apply -n {ns} --dry-run=server -f -", larger));
        Assert.Equal("3", await kubectl.OkAsync($"get wd w1 -n {ns} -o jsonpath='{{.spec.size}}'"));
        await kubectl.OkAsync($"scale wd w1 -n {ns} --replicas=2");
        Assert.Equal("2", await kubectl.OkAsync($"get wd w1 -n {ns} -o jsonpath='{{.spec.size}}'"));
    }

    private static async Task<string> Line(System.Diagnostics.Process process) =>
        await process.StandardOutput.ReadLineAsync().WaitAsync(Eventually.DefaultDeadline) ?? "";

    private async Task<string> WidgetsAsync()
    {
        await Manifests.AddWidgetsAsync(api);
        return await api.NamespaceAsync();
    }

    private async Task<string> WithWidgetAsync()
    {
        var ns = await WidgetsAsync();
        await kubectl.OkAsync($"apply -n {ns} -f -", Manifests.Widget);
        return ns;
    }
}
