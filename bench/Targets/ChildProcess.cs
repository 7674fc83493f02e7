// A program started by the bench: waited for until it says that it is ready, stopped politely, then by force.
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ServerlessEventing.Bench.Targets;

/// <summary>A running child. Its stdin stays open while the bench lives.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int Terminate = 15;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    private readonly Process process;
    private readonly Queue<string> lastLines = new();
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process, string readyMark)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Take(line.Data, readyMark);
        process.ErrorDataReceived += (_, line) => Take(line.Data, readyMark);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => process.Id;

    /// <summary>Starts a .NET program; returns when a line of it holds <paramref name="readyMark"/>.</summary>
    public static Task<ChildProcess> StartAsync(
        string assembly,
        IEnumerable<string> arguments,
        string readyMark,
        TimeSpan patience,
        CancellationToken cancellationToken) =>
        StartAsync(
            new ProcessStartInfo(DotnetHost(), [assembly, .. arguments]), readyMark, patience, cancellationToken);

    /// <summary>Starts any program; returns when a line of it holds <paramref name="readyMark"/>.</summary>
    public static async Task<ChildProcess> StartAsync(
        ProcessStartInfo start, string readyMark, TimeSpan patience, CancellationToken cancellationToken)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var child = new ChildProcess(Process.Start(start)!, readyMark);
        var first = await Task.WhenAny(
            child.ready.Task,
            child.process.WaitForExitAsync(cancellationToken),
            Task.Delay(patience, cancellationToken));
        if (first == child.ready.Task)
        {
            return child;
        }

        var what = child.process.HasExited ? "ended" : $"was not ready within {patience.TotalSeconds:0} s";
        await child.DisposeAsync();
        cancellationToken.ThrowIfCancellationRequested();
        throw new BenchException(
            $"{Name(start)} {what}. It last said:\n" + string.Join('\n', child.lastLines));
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Signal(process.Id, Terminate);
            await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(Grace));
        }

        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private void Take(string? line, string readyMark)
    {
        if (line is null)
        {
            return;
        }

        lock (lastLines)
        {
            lastLines.Enqueue(line);
            while (lastLines.Count > 20)
            {
                lastLines.Dequeue();
            }
        }

        if (line.Contains(readyMark, StringComparison.Ordinal))
        {
            ready.TrySetResult();
        }
    }

    private static string Name(ProcessStartInfo start) =>
        Path.GetFileName(start.ArgumentList.FirstOrDefault() ?? start.FileName);

    private static string DotnetHost() =>
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")
        ?? (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? Environment.ProcessPath!
            : "dotnet");

    private static void Signal(int id, int signal)
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = Kill(id, signal);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int id, int signal);
}
