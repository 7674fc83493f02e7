// Runs the real kubectl against a house.
using System.Diagnostics;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

/// <summary>kubectl with a kubeconfig, and a cache of its own in <paramref name="home"/>.</summary>
internal sealed class Kubectl(string kubeconfig, string home)
{
    /// <summary>For a hang: what waits with <c>--timeout</c> ends by itself, and says what it waited for.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly string path = RequiredTool.Find("kubectl");

    public Kubectl(HouseProcess house)
        : this(house.Kubeconfig, house.Data)
    {
    }

    /// <summary>Runs it and returns its stdout; a failure fails the test with its stderr.</summary>
    public async Task<string> RunAsync(params string[] args)
    {
        var (code, output, error) = await TryAsync(null, args);
        Assert.True(code == 0, $"kubectl {string.Join(' ', args)}: {error}{output}");
        return output;
    }

    /// <summary>Applies YAML given as text.</summary>
    public async Task ApplyAsync(string yaml)
    {
        var (code, output, error) = await TryAsync(yaml, "apply", "-f", "-");
        Assert.True(code == 0, $"kubectl apply: {error}{output}");
    }

    public async Task<(int Code, string Output, string Error)> TryAsync(string? input, params string[] args)
    {
        var start = new ProcessStartInfo(path, args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["KUBECONFIG"] = kubeconfig;
        start.Environment["KUBECACHEDIR"] = Path.Combine(home, "kubectl-cache");
        start.Environment["HOME"] = home;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input ?? "");
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }
}
