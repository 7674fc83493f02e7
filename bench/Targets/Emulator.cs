// The Service Bus emulator as a process of its own, on the disk or on a file system in memory.
using System.Diagnostics;
using System.Globalization;
using Amqp;
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.Bench.Targets;

/// <summary>
/// `eventing servicebus` in a fresh folder. In memory it is the same program doing the same, only that a flush costs
/// nothing there.
/// </summary>
internal sealed class Emulator : Bus
{
    /// <summary>A file system in memory, on Linux.</summary>
    private const string Memory = "/dev/shm";

    private const string KeyName = "RootManageSharedAccessKey";
    private const string Key = "SAS_KEY_VALUE";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder;
    private readonly ServiceBusAdministrationClient administration;

    private Emulator(string name, string folder, ChildProcess process, TimeSpan startTime, int port, int adminPort)
        : base(name, process, startTime)
    {
        this.folder = folder;
        ConnectionString = At(port);
        Address = new("127.0.0.1", port, KeyName, Key, "/", "AMQP");
        administration = new(At(adminPort));
    }

    public static bool CanRunInMemory => Directory.Exists(Memory);

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

    public string ConnectionString { get; }

    public override Address Address { get; }

    public override async Task<string> CreateQueueAsync(CancellationToken cancellationToken)
    {
        var queue = $"bench-{Guid.NewGuid():N}";
        await administration.CreateQueueAsync(queue, cancellationToken);
        return queue;
    }

    public override Task DeleteQueueAsync(string queue, CancellationToken cancellationToken) =>
        administration.DeleteQueueAsync(queue, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static string At(int port) => $"Endpoint=sb://localhost:{Text(port)};"
        + $"SharedAccessKeyName={KeyName};SharedAccessKey={Key};UseDevelopmentEmulator=true;";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
