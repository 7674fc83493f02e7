// An npm project under tests/: installs it once, runs its tests and reads what they report, or runs one script.
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace ServerlessEventing.Testing;

/// <summary>One test of the npm project, as support/reporter.js writes it.</summary>
public sealed record NodeTest(string Name, bool Passed, bool Skipped, bool Todo, int Milliseconds, string? Error);

public sealed class NodeProject
{
    private static readonly TimeSpan _installDeadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan _runDeadline = TimeSpan.FromMinutes(5);
    private static readonly Dictionary<string, string> _noVariables = [];
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);

    private readonly string _folder;
    private readonly string _node = RequiredTool.Find("node");
    private readonly string _npm = RequiredTool.Find("npm");

    public NodeProject(string name)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "ServerlessEventing.sln")))
        {
            root = root.Parent;
        }

        _folder = Path.Combine(root!.FullName, "tests", name);
    }

    /// <summary>Where it lies.</summary>
    public string Folder => _folder;

    /// <summary>Installs what the lock file pins, unless that is there.</summary>
    public async Task Install()
    {
        var installed = new FileInfo(Path.Combine(_folder, "node_modules", ".package-lock.json"));
        if (installed.Exists
            && installed.LastWriteTimeUtc >= File.GetLastWriteTimeUtc(Path.Combine(_folder, "package-lock.json")))
        {
            return;
        }

        var run = await Run(_npm, ["ci", "--no-audit", "--no-fund"], _noVariables, _installDeadline);
        Assert.True(run.ExitCode == 0, $"npm ci in {_folder} failed:\n{run.Output}\n{run.Errors}");
    }

    /// <summary>Runs every file of the project's test folder, several at a time.</summary>
    public async Task<List<NodeTest>> Test(IReadOnlyDictionary<string, string> environment)
    {
        var files = Directory.GetFiles(Path.Combine(_folder, "test"), "*.test.js").Order();
        string[] arguments =
        [
            "--test", "--test-concurrency=4", "--test-timeout=240000", "--test-reporter=./support/reporter.js",
            .. files,
        ];
        var run = await Run(_node, arguments, environment, _runDeadline);
        var tests = new List<NodeTest>();
        foreach (var line in run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            tests.Add(line.StartsWith('{')
                ? JsonSerializer.Deserialize<NodeTest>(line, _json)!
                : throw new InvalidDataException($"node --test wrote: {line}\n{run.Errors}"));
        }

        Assert.True(tests.Count > 0, $"node --test ran nothing:\n{run.Output}\n{run.Errors}");
        return tests;
    }

    /// <summary>Runs one script of the project and gives the lines that it wrote.</summary>
    public async Task<string[]> Script(string path, IReadOnlyDictionary<string, string> environment)
    {
        var run = await Run(_node, [path], environment, _runDeadline);
        Assert.True(run.ExitCode == 0, $"{path} failed:\n{run.Output}\n{run.Errors}");
        return run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Runs a text as a module that finds the project's packages.</summary>
    public async Task<string[]> ScriptOf(string text)
    {
        var file = Path.Combine(_folder, "node_modules", $".sample-{Guid.NewGuid():N}.mjs");
        await File.WriteAllTextAsync(file, text);
        try
        {
            return await Script(file, _noVariables);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task<(int ExitCode, string Output, string Errors)> Run(
        string tool, string[] arguments, IReadOnlyDictionary<string, string> environment, TimeSpan deadline)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(deadline);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{Path.GetFileName(tool)} did not end within {deadline}:\n{await output}\n{await errors}");
        }

        return (process.ExitCode, await output, await errors);
    }
}
