// A whole house as a user runs it: `eventing up` in a process of its own, on ports of its own.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using ServerlessEventing.Testing;

namespace ServerlessEventing.House.Tests;

/// <summary>Starts, kills and restarts `eventing up`; tells where its parts are.</summary>
internal sealed class HouseProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(180);

    private readonly StringBuilder output = new();
    private Process? process;

    private readonly string[] more;

    public HouseProcess(string data, string door = "host", params string[] more)
    {
        this.more = more;
        Data = data;
        Door = door;
        Offset = Eventing.FreeOffset();
    }

    /// <summary>Variables it is started with, beside those of the tests.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public string Data { get; }

    public string Door { get; }

    public int Offset { get; }

    public Uri Ingress => new($"http://127.0.0.1:{7071 + Offset}");

    public Uri Proxy => new($"http://127.0.0.1:{3128 + Offset}");

    public string Kubeconfig => Path.Combine(Data, "kubeconfig");

    public string Connection =>
        $"Endpoint=sb://localhost:{5672 + Offset};SharedAccessKeyName=RootManageSharedAccessKey;"
        + "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";

    public string ManagementConnection =>
        $"Endpoint=sb://localhost:{5300 + Offset};SharedAccessKeyName=RootManageSharedAccessKey;"
        + "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";

    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    /// <summary>Starts the house and waits until it says it is up.</summary>
    public async Task StartAsync(params string[] manifests)
    {
        lock (output)
        {
            output.Clear();
        }

        process = Eventing.Start(
            [
                "up", .. manifests, "--data", Data, "--door", Door,
                "--port-offset", Offset.ToString(CultureInfo.InvariantCulture), .. more,
            ],
            line =>
            {
                lock (output)
                {
                    output.AppendLine(line);
                }
            },
            Environment);
        await Eventually.True(
            () => process.HasExited || Output.Contains("is up.", StringComparison.Ordinal),
            "the house is up",
            StartDeadline);
        Assert.False(process.HasExited, Output);
    }

    /// <summary>kill -9 of the house and of its children.</summary>
    public Task KillAsync() => KillAsync(entireProcessTree: true);

    /// <summary>kill -9 of the house; its children are left to themselves.</summary>
    public Task KillAloneAsync() => KillAsync(entireProcessTree: false);

    /// <summary>kill -9 of the functions; the house starts them again.</summary>
    public async Task KillFunctionsAsync()
    {
        using var functions = Process.GetProcessById(FunctionsId);
        functions.Kill();
        await functions.WaitForExitAsync();
    }

    /// <summary>The house's own process.</summary>
    public int Id => process!.Id;

    /// <summary>The process of the functions; 0 while there is none.</summary>
    public int FunctionsId => Directory.EnumerateDirectories($"/proc/{Id}/task")
        .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' '))
        .Select(id => int.TryParse(id, CultureInfo.InvariantCulture, out var child) ? child : 0)
        .FirstOrDefault(child => child > 0
            && File.ReadAllText($"/proc/{child}/cmdline").Contains("functions", StringComparison.Ordinal));

    private async Task KillAsync(bool entireProcessTree)
    {
        process!.Kill(entireProcessTree);
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    /// <summary>Ctrl+C; returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        using var signal = Process.Start("kill", ["-INT", process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await signal.WaitForExitAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(limit.Token);
        var code = process.ExitCode;
        process.Dispose();
        process = null;
        return code;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            await KillAsync();
        }
    }
}
