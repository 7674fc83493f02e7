// The real kubectl against the house's API, as a user has it.
using System.Diagnostics;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

/// <summary>One kubectl; its home and its discovery cache are the test's own.</summary>
internal sealed class Kubectl(House house) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _tool = RequiredTool.Find("kubectl");
    private readonly TempFolder _home = new();

    /// <summary>Runs it, with a manifest on its standard input when given; returns what it printed.</summary>
    public async Task<string> Succeeds(string arguments, string input = "")
    {
        var (code, printed) = await RunAsync(arguments, input);
        Assert.True(code == 0, $"kubectl {arguments} ended with {code}:\n{printed}");
        return printed;
    }

    /// <summary>Runs a command that must be refused; returns why.</summary>
    public async Task<string> IsRefused(string arguments, string input = "")
    {
        var (code, printed) = await RunAsync(arguments, input);
        Assert.True(code != 0, $"kubectl {arguments} was not refused:\n{printed}");
        return printed;
    }

    public void Dispose() => _home.Dispose();

    private async Task<(int Code, string Printed)> RunAsync(string arguments, string input)
    {
        // At spaces, quotes and all: JSON without spaces is one argument.
        var start = new ProcessStartInfo(_tool, arguments.Split(' '))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["KUBECONFIG"] = house.Kubeconfig;
        start.Environment["HOME"] = _home[""];
        start.Environment.Remove("HTTPS_PROXY");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, await output + await error);
    }
}
