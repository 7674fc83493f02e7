// One of our programs as a container runs it: started by its own file, ready when it says so, ended by SIGTERM.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

/// <summary>A program in a process of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private readonly Process process;
    private readonly StringBuilder output = new();

    private ServerProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Starts a program and waits until <paramref name="ready"/> answers 2xx.</summary>
    public static async Task<ServerProcess> StartAsync(
        string program, Uri ready, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("dotnet", [program])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(Process.Start(start)!);
        using var http = new HttpClient();
        await Eventually.Passes(
            async () =>
            {
                Assert.False(server.process.HasExited, server.Output);
                using var answer = await http.GetAsync(ready);
                Assert.True(answer.IsSuccessStatusCode, server.Output);
            },
            Limit);
        return server;
    }

    /// <summary>Asks it to end, and expects it to end well.</summary>
    public async Task TerminateAsync()
    {
        using var signal = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await signal.WaitForExitAsync();
        await process.WaitForExitAsync().WaitAsync(Limit);
        Assert.True(process.ExitCode == 0, Output);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    private void Keep(string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }
}
