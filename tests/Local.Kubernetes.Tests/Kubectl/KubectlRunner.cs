// Runs the real kubectl against a server and tells what it printed.
using System.Diagnostics;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.Kubernetes.Tests.Kubectl;

/// <summary>Outcome of one command.</summary>
internal sealed record Printed(int Code, string Output, string Error)
{
    public string All => Output + Error;
}

/// <summary>One kubectl; its home and its discovery cache are the test's own.</summary>
internal sealed class KubectlRunner(RunningApi api, string? tool = null)
{
    private readonly string path = tool ?? RequiredTool.Find("kubectl");

    /// <summary>Where relative file names of `-f` begin.</summary>
    public string WorkingDirectory { get; init; } = "";

    /// <summary>Every kubectl found beside the one on PATH (kubectl.1.27, …), by file name.</summary>
    public static IEnumerable<string> Versions()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Where(Directory.Exists)
            .ToList();
        var targets = folders.Select(folder => Path.Combine(folder, "kubectl")).Where(File.Exists)
            .Select(file => Path.GetDirectoryName(File.ResolveLinkTarget(file, true)?.FullName ?? file)!);
        return folders.Concat(targets).Distinct()
            .SelectMany(folder => Directory.EnumerateFiles(folder, "kubectl.1.*"))
            .Distinct().OrderBy(file => file, StringComparer.Ordinal);
    }

    public async Task<string> OkAsync(string arguments, string? input = null)
    {
        var printed = await RunAsync(arguments, input);
        Assert.True(printed.Code == 0, $"kubectl {arguments} ended with {printed.Code}:\n{printed.All}");
        return printed.Output;
    }

    public async Task<Printed> RunAsync(string arguments, string? input = null, string? editor = null)
    {
        using var process = Start(arguments, editor);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return new Printed(process.ExitCode, await output, await error);
    }

    /// <summary>A command that goes on until it is killed, such as `get -w`.</summary>
    public Process Start(string arguments, string? editor = null)
    {
        var start = new ProcessStartInfo(path)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = WorkingDirectory,
        };
        foreach (var argument in Split(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["KUBECONFIG"] = api.KubeconfigPath;
        start.Environment["HOME"] = api.Folder;
        start.Environment["KUBECACHEDIR"] = Path.Combine(api.Folder, "cache");
        start.Environment["KUBE_EDITOR"] = editor ?? "false";
        start.Environment.Remove("HTTPS_PROXY");
        return Process.Start(start)!;
    }

    /// <summary>At spaces, but not inside single quotes.</summary>
    private static IEnumerable<string> Split(string arguments) =>
        System.Text.RegularExpressions.Regex.Matches(arguments, "(?:'[^']*'|[^ '])+")
            .Select(match => match.Value.Replace("'", "", StringComparison.Ordinal));
}
