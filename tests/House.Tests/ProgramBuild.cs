// Where the programs of a build lie: the one under test, and the one of the commit before it.
using System.Diagnostics;
using System.Formats.Tar;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

/// <summary>The operator's and the functions' program files of one build.</summary>
internal sealed record ProgramBuild(string Name, string Operator, string Functions)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>What the tests were built with.</summary>
    public static ProgramBuild Current { get; } = new(
        "this build",
        Path.Combine(AppContext.BaseDirectory, "ServerlessEventing.Operator.dll"),
        Path.Combine(AppContext.BaseDirectory, "ServerlessEventing.Functions.dll"));

    /// <summary>
    /// The commit before this one, built in <paramref name="folder"/>; without git or in a clone without that commit
    /// this build again, and a warning.
    /// </summary>
    public static async Task<ProgramBuild> PreviousAsync(TempFolder folder)
    {
        var source = folder["previous"];
        var archive = folder["previous.tar"];
        var root = Path.GetDirectoryName(Repository.File("ServerlessEventing.sln"))!;
        var packed = await RunAsync("git", root, "archive", "--output", archive, "HEAD~1");
        if (packed is not null)
        {
            TestContext.Current.AddWarning(
                $"NOT AN UPGRADE: the commit before this one cannot be had, so this build replaces itself. {packed}");
            return Current;
        }

        Directory.CreateDirectory(source);
        await TarFile.ExtractToDirectoryAsync(archive, source, overwriteFiles: false);
        foreach (var project in new[] { "operator", "functions" })
        {
            var failed = await RunAsync("dotnet", source, "build", project, "-nologo", "-v", "quiet");
            Assert.True(failed is null, failed);
        }

        return new ProgramBuild("the commit before", In("operator", "Operator"), In("functions", "Functions"));

        string In(string project, string name) =>
            Path.Combine(source, project, "bin", "Debug", "net10.0", $"ServerlessEventing.{name}.dll");
    }

    // Null, or what it said when it failed.
    private static async Task<string?> RunAsync(string program, string folder, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Built on its own: not by the settings of whatever build runs these tests.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(Limit);
            return process.ExitCode == 0 ? null : $"{program} {string.Join(' ', args)}: {await output}{await error}";
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return $"{program}: {missing.Message}";
        }
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;
}
