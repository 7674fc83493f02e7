// The commands of a page and what it says they print: run as they stand there.
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

/// <summary>
/// Blocks marked <c>console</c>: a line with <c>$</c> is a command for a shell, the lines below it what must be in its
/// output, in this order. Blanks count as one, and <c>…</c> stands for anything.
/// </summary>
internal sealed partial class DocumentedCommands(HouseProcess house)
{
    private static readonly string[] Repeatable = ["kubectl get", "kubectl describe", "kubectl logs"];

    private readonly string kubectl = RequiredTool.Find("kubectl");

    /// <summary>Runs all of a page; returns how many there were.</summary>
    public async Task<int> RunAsync(string page)
    {
        var commands = Read(await File.ReadAllTextAsync(Repository.File(page))).ToList();
        foreach (var (command, expected) in commands)
        {
            if (Repeatable.Any(start => command.StartsWith(start, StringComparison.Ordinal)))
            {
                await Eventually.Passes(() => CheckAsync(command, expected));
            }
            else
            {
                await CheckAsync(command, expected);
            }
        }

        return commands.Count;
    }

    private async Task CheckAsync(string command, IReadOnlyList<string> expected)
    {
        var output = await ShellAsync(command);
        var lines = output.Split('\n').Select(Blanks).ToList();
        var at = 0;
        foreach (var line in expected)
        {
            var found = lines.FindIndex(at, given => Pattern(line).IsMatch(given));
            Assert.True(found >= 0, $"$ {command}\nhas no line\n{line}\n(or not there) in\n{output}");
            at = found + 1;
        }
    }

    /// <summary>What a command prints, run as a page's are.</summary>
    public async Task<string> ShellAsync(string command)
    {
        var script = $"eventing() {{ dotnet '{Path.Combine(AppContext.BaseDirectory, "eventing.dll")}' \"$@\"; }}\n"
            + AtOffset(command);
        var start = new ProcessStartInfo("/bin/sh", ["-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["KUBECONFIG"] = house.Kubeconfig;
        start.Environment["KUBECACHEDIR"] = Path.Combine(house.Data, "kubectl-cache");
        start.Environment["PATH"] =
            $"{Path.GetDirectoryName(kubectl)}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, $"$ {command}\n{output}{await error}");
        return output;
    }

    // The page has the usual ports; this house has others.
    private string AtOffset(string command)
    {
        var moved = Port().Replace(command, match =>
            $"localhost:{int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) + house.Offset}");
        return moved.Replace(
            "eventing send", $"eventing send --port-offset {house.Offset}", StringComparison.Ordinal);
    }

    private static IEnumerable<(string Command, IReadOnlyList<string> Expected)> Read(string page)
    {
        foreach (var block in Block().Matches(page).Select(match => match.Groups[1].Value))
        {
            foreach (var one in Command().Matches(block).Select(match => match.Groups))
            {
                yield return (one[1].Value,
                    [.. one[2].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Blanks)]);
            }
        }
    }

    private static Regex Pattern(string line) =>
        new($"^{Regex.Escape(line).Replace("…", ".*", StringComparison.Ordinal)}$");

    private static string Blanks(string line) => Blank().Replace(line.Trim(), " ");

    [GeneratedRegex(@"^```console\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^\$ ([^\n]+)\n((?:(?!\$ )[^\n]*\n)*)", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex("localhost:([0-9]+)")]
    private static partial Regex Port();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();
}
