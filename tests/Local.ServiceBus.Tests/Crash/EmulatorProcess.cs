// The emulator in a process of its own, so that a test can kill it.
using System.Diagnostics;
using System.Globalization;

namespace ServerlessEventing.Local.ServiceBus.Tests.Crash;

/// <summary>This test program, started again with <see cref="Verb"/>. It ends when its standard input closes.</summary>
internal sealed class EmulatorProcess : IDisposable
{
    public const string Verb = "--emulator";
    public const string Ready = "ready";

    private readonly Process _process;

    private EmulatorProcess(Process process) => _process = process;

    public static async Task<EmulatorProcess> Start(string folder, int port, int managementPort)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ServerlessEventing.Local.ServiceBus.Tests");
        var start = new ProcessStartInfo(program, [Verb, folder, $"{port}", $"{managementPort}"])
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
    public static async Task<int> Serve(string folder, string port, string managementPort)
    {
        await using var emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions
            {
                DataFolder = folder,
                AmqpPort = int.Parse(port, CultureInfo.InvariantCulture),
                ManagementPort = int.Parse(managementPort, CultureInfo.InvariantCulture),
            },
            CancellationToken.None);
        Console.WriteLine(Ready);
        await Console.In.ReadToEndAsync();
        return 0;
    }

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
