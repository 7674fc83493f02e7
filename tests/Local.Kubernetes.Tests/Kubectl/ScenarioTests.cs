// One long story told to kubectl, its every word compared with a golden file.
using System.Runtime.CompilerServices;
using System.Text;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Kubectl;

/// <summary>
/// Run with the kubectl on PATH and with the oldest one found, in the long form (EVENTING_LONG=1) with every one, each
/// against a server of its own. What a version says otherwise stands in a golden file of its own. The versions between
/// get the short story of <see cref="VersionTests"/> each time. UPDATE_GOLDEN=true writes the golden files anew.
/// </summary>
public sealed class ScenarioTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Kubectl", "Scenario");

    [Fact]
    public async Task Scenario_EachKubectl_SaysWhatTheGoldenFilesSay()
    {
        RunningApi.SkipOnCluster("its every word, in golden files");
        var golden = Transcript.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "scenario.txt")));
        Assert.True(golden.Steps.Count >= 60);
        string[] tools =
        [
            RequiredTool.Find("kubectl"), .. KubectlRunner.Versions().Take(LongRun.Asked ? int.MaxValue : 1),
        ];
        using var two = new SemaphoreSlim(2);
        var runs = await Task.WhenAll(tools.Select(tool => RunAsync(golden, tool, two)));
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "true")
        {
            await UpdateAsync(golden, tools, runs);
            return;
        }

        var differences = new StringBuilder();
        foreach (var (tool, run) in tools.Zip(runs))
        {
            differences.Append(Differences(tool, await ExpectedAsync(golden, tool), run));
        }

        Assert.True(differences.Length == 0, differences.ToString());
    }

    /// <summary>Where it is written what this kubectl says otherwise than the one on PATH.</summary>
    private static string OwnFile(string tool) => Path.Combine(Folder, $"{Path.GetFileName(tool)}.txt");

    private static async Task<IReadOnlyList<Step>> ExpectedAsync(Transcript golden, string tool)
    {
        if (!File.Exists(OwnFile(tool)))
        {
            return golden.Steps;
        }

        var otherwise = Transcript.Parse(await File.ReadAllTextAsync(OwnFile(tool))).Steps
            .ToDictionary(step => step.Command);
        return [.. golden.Steps.Select(step => otherwise.GetValueOrDefault(step.Command, step))];
    }

    private static async Task UpdateAsync(Transcript golden, string[] tools, IReadOnlyList<Step>[] runs)
    {
        var folder = Path.Combine(SourceFolder(), "Scenario");
        await File.WriteAllTextAsync(Path.Combine(folder, "scenario.txt"), golden.Write(runs[0]));
        foreach (var (tool, run) in tools.Zip(runs).Skip(1))
        {
            var otherwise = run.Except(runs[0]).ToList();
            if (otherwise.Count == 0)
            {
                continue;
            }

            var version = Path.GetFileName(tool)["kubectl.".Length..];
            var head = Transcript.Parse(
                $"# What kubectl {version} says otherwise than scenario.txt: its own wording, "
                + "not the server's answers.\n");
            await File.WriteAllTextAsync(
                Path.Combine(folder, Path.GetFileName(OwnFile(tool))), head.Write(otherwise));
        }
    }

    private static async Task<IReadOnlyList<Step>> RunAsync(Transcript golden, string tool, SemaphoreSlim atOnce)
    {
        await atOnce.WaitAsync();
        try
        {
            return await TellAsync(golden, tool);
        }
        finally
        {
            atOnce.Release();
        }
    }

    private static async Task<IReadOnlyList<Step>> TellAsync(Transcript golden, string tool)
    {
        await using var api = new RunningApi();
        await api.InitializeAsync();
        var kubectl = new KubectlRunner(api, tool) { WorkingDirectory = Folder };
        var steps = new List<Step>();
        foreach (var step in golden.Steps)
        {
            var printed = await kubectl.RunAsync(step.Command);
            steps.Add(new Step(step.Command, Transcript.Normalise(printed.All), printed.Code));
        }

        return steps;
    }

    private static string Differences(string tool, IReadOnlyList<Step> expected, IReadOnlyList<Step> actual)
    {
        var text = new StringBuilder();
        foreach (var (want, got) in expected.Zip(actual).Where(pair => pair.First != pair.Second))
        {
            text.Append($"\n{Path.GetFileName(tool)} {want.Command}\n"
                + $"--- expected (exit code {want.Code})\n{want.Printed}"
                + $"--- printed (exit code {got.Code})\n{got.Printed}");
        }

        return text.ToString();
    }

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
