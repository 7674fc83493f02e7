// Runs the emulator in a process of its own, so that a test can kill it as a power cut would: without a word.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace ServerlessEventing.Local.ServiceBus.Tests.Durability;

/// <summary>
/// The child is this very test assembly: started with <see cref="Variable"/> set it becomes an emulator before any test
/// runner gets a say, prints its ports and lives until it is killed or its standard input closes.
/// </summary>
internal sealed class EmulatorProcess : IDisposable
{
    private const string Variable = "SERVICEBUS_EMULATOR_FOLDER";
    private readonly Process _process;

    private EmulatorProcess(Process process, int amqpPort, int managementPort)
    {
        _process = process;
        AmqpPort = amqpPort;
        ManagementPort = managementPort;
    }

    public int AmqpPort { get; }

    public int ManagementPort { get; }

    public static async Task<EmulatorProcess> StartAsync(string folder)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { "exec", typeof(EmulatorProcess).Assembly.Location },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { [Variable] = folder },
        };
        var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
        var ports = line?.Split(' ') ?? [];
        Assert.True(ports.Length == 3 && ports[0] == "ready", $"The emulator said: {line}");
        return new EmulatorProcess(
            process, int.Parse(ports[1], CultureInfo.InvariantCulture), int.Parse(ports[2], CultureInfo.InvariantCulture));
    }

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

    [ModuleInitializer]
    internal static void BecomeEmulatorWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder)
        {
            RunAsync(folder).GetAwaiter().GetResult();
            Environment.Exit(0);
        }
    }

    private static async Task RunAsync(string folder)
    {
        await using var emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = folder }, CancellationToken.None);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"ready {emulator.AmqpPort} {emulator.ManagementPort}"));
        await Console.In.ReadToEndAsync();
    }
}
