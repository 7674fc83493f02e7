// Runs the system's own tools.
using System.Diagnostics;

namespace ServerlessEventing.Local.ServiceBus.Tests.Crash;

/// <summary>Fails the test with what the tool said.</summary>
internal static class Shell
{
    public static async Task RunAsync(string tool, params string[] arguments)
    {
        var (code, said) = await TryRunAsync(tool, arguments);
        Assert.True(code == 0, $"{tool} {string.Join(' ', arguments)}: {said}");
    }

    public static async Task<(int Code, string Said)> TryRunAsync(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
