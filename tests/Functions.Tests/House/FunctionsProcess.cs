// A function app in a process of its own, as its own deployment, so that it can be killed.
using System.Diagnostics;
using System.Net;
using System.Text;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.House;

internal sealed class FunctionsProcess : IAsyncDisposable
{
    private readonly StringBuilder output = new();
    private readonly Process process;
    private readonly Uri address;
    private readonly HttpClient http = new();

    private FunctionsProcess(Uri address, IReadOnlyDictionary<string, string> settings)
    {
        this.address = address;
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "ServerlessEventing.Functions.dll") },
        };
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        process = new() { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    public Uri Address => address;

    /// <summary>Starts a door with these settings and waits until it is ready.</summary>
    public static async Task<FunctionsProcess> StartAsync(
        IReadOnlyDictionary<string, string> settings, string door = "pump")
    {
        var port = FreePort.Next();
        var started = new FunctionsProcess(new($"http://127.0.0.1:{port}/"), new Dictionary<string, string>(settings)
        {
            ["EVENTING_DOOR"] = door,
            [door == "pump" ? "EVENTING_PORT" : "FUNCTIONS_CUSTOMHANDLER_PORT"] = $"{port}",
            ["EVENTING_ALLOW_LOOPBACK"] = "true",
            ["Logging__LogLevel__Default"] = "Warning",
            ["Logging__LogLevel__ServerlessEventing.Functions.Doors"] = "Information",
        });
        started.process.Start();
        started.process.BeginOutputReadLine();
        started.process.BeginErrorReadLine();
        await Eventually.Passes(started.IsReadyAsync, TimeSpan.FromSeconds(60));
        return started;
    }

    /// <summary>The routing table it has in force.</summary>
    public async Task<long> GenerationAsync()
    {
        using var ready = await http.GetAsync(new Uri(address, "readyz"));
        return long.Parse(
            ready.Headers.GetValues("X-Eventing-Generation").Single(),
            System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Whether its log has this text.</summary>
    public bool HasLogged(string text)
    {
        lock (output)
        {
            return output.ToString().Contains(text, StringComparison.Ordinal);
        }
    }

    /// <summary>SIGTERM: it is to finish what it has.</summary>
    public async Task TerminateAsync()
    {
        using var signal = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await signal.WaitForExitAsync();
    }

    /// <summary>Waits for its end; the exit code.</summary>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Eventually.DefaultDeadline);
        return process.ExitCode;
    }

    /// <summary>kill -9.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
        http.Dispose();
    }

    private async Task IsReadyAsync()
    {
        Assert.False(process.HasExited, output.ToString());
        using var ready = await http.GetAsync(new Uri(address, "healthz"));
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    private void Keep(string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }
}
