// The emulator in a process of its own, so that a test can kill it.
using System.Diagnostics;
using System.Globalization;

namespace ServerlessEventing.Local.ServiceBus.Tests.Crash;

/// <summary>This test program, started again with <see cref="Verb"/>. It ends when its standard input closes.</summary>
internal sealed class EmulatorProcess : IDisposable
{
    public const string Verb = "--emulator";
    private const string Ready = "ready";
    private const string SkipFlush = "skip-flush";

    private readonly Process _process;

    private EmulatorProcess(Process process) => _process = process;

    /// <summary><paramref name="skipFlush"/>: with the planted bug that a power cut must bring to light.</summary>
    public static async Task<EmulatorProcess> Start(
        string folder, int port, int managementPort, bool skipFlush = false)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ServerlessEventing.Local.ServiceBus.Tests");
        string[] arguments = [Verb, folder, $"{port}", $"{managementPort}", skipFlush ? SkipFlush : ""];
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var started = new EmulatorProcess(Process.Start(start)!);
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        string? line;
        do
        {
            line = await started._process.StandardOutput.ReadLineAsync(late.Token);
        }
        while (line is not null && line != Ready);
        if (line is null)
        {
            started.Dispose();
            Assert.Fail($"The emulator ended before it was ready; its folder: {folder}");
        }

        // Nobody reads what it may still write; an unread pipe would stop it in the end.
        _ = started._process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        return started;
    }

    /// <summary>What the other process does.</summary>
    public static async Task<int> Serve(string[] args)
    {
        await using var emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions
            {
                DataFolder = args[0],
                AmqpPort = int.Parse(args[1], CultureInfo.InvariantCulture),
                ManagementPort = int.Parse(args[2], CultureInfo.InvariantCulture),
                SkipFlush = args[3] == SkipFlush,
            },
            CancellationToken.None);
        Console.WriteLine(Ready);
        await Console.In.ReadToEndAsync();
        return 0;
    }

    /// <summary>The most memory it has held so far.</summary>
    public long PeakBytes
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    public static string ConnectionString(int port) =>
        $"Endpoint=sb://localhost:{port};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;"
        + "UseDevelopmentEmulator=true";

    /// <summary>Stops it where it is: nothing more is written or answered.</summary>
    public Task FreezeAsync() => Shell.RunAsync("kill", "-STOP", $"{_process.Id}");

    /// <summary>As kill -9 does.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }
}
