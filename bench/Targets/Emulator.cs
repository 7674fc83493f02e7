// The Service Bus emulator as a process of its own, on the disk or on a file system in memory.
using System.Diagnostics;
using System.Globalization;

namespace ServerlessEventing.Bench.Targets;

/// <summary>
/// `eventing servicebus` in a fresh folder. In memory it is the same program doing the same, only that a flush costs
/// nothing there.
/// </summary>
internal sealed class Emulator : IAsyncDisposable
{
    /// <summary>A file system in memory, on Linux.</summary>
    private const string Memory = "/dev/shm";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder;
    private readonly ChildProcess process;

    private Emulator(string name, string folder, ChildProcess process, TimeSpan startTime, int port, int adminPort)
    {
        this.folder = folder;
        this.process = process;
        Name = name;
        StartTime = startTime;
        ConnectionString = At(port);
        ManagementConnectionString = At(adminPort);
    }

    public static bool CanRunInMemory => Directory.Exists(Memory);

    public string Name { get; }

    public string ConnectionString { get; }

    public string ManagementConnectionString { get; }

    public int ProcessId => process.Id;

    /// <summary>From the start of the process until it listens.</summary>
    public TimeSpan StartTime { get; }

    public static async Task<Emulator> StartAsync(bool inMemory, CancellationToken cancellationToken)
    {
        var command = EventingCommand.Find();
        var folder = inMemory
            ? Directory.CreateDirectory(Path.Combine(Memory, $"eventing-bench-{Guid.NewGuid():N}")).FullName
            : Directory.CreateTempSubdirectory("eventing-bench-").FullName;
        var (port, adminPort) = (Controls.FreePort(), Controls.FreePort());
        try
        {
            var start = Stopwatch.GetTimestamp();
            var process = await ChildProcess.StartAsync(
                command,
                ["servicebus", "--data", folder, "--port", Text(port), "--admin-port", Text(adminPort)],
                "Connection string", Patience, cancellationToken);
            var took = Stopwatch.GetElapsedTime(start);
            return new(inMemory ? "memory" : "durable", folder, process, took, port, adminPort);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static string At(int port) => $"Endpoint=sb://localhost:{Text(port)};"
        + "SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
