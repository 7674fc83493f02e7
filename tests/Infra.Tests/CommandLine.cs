// Runs a program to its end, with a deadline, and tells what it printed.
using System.Diagnostics;

namespace ServerlessEventing.Infra.Tests;

/// <summary>Outcome of one command.</summary>
internal sealed record Printed(int Code, string Output, string Error);

internal static class CommandLine
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    /// <summary>Runs it and returns its stdout; a failure fails the test with all it printed.</summary>
    public static async Task<string> OkAsync(
        string program, string arguments, string? folder = null, Dictionary<string, string>? environment = null)
    {
        var printed = await RunAsync(program, arguments, folder, environment);
        Assert.True(
            printed.Code == 0,
            $"{Path.GetFileName(program)} {arguments} ended with {printed.Code}:\n{printed.Output}\n{printed.Error}");
        return printed.Output;
    }

    public static async Task<Printed> RunAsync(
        string program, string arguments, string? folder = null, Dictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder ?? Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(Deadline);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{Path.GetFileName(program)} {arguments} did not end within {Deadline}.");
        }

        return new Printed(process.ExitCode, await output, await error);
    }
}
