// RabbitMQ as a process of its own, spoken to in AMQP 1.0 by the same program as the emulator.
using System.Diagnostics;
using System.Globalization;
using Amqp;

namespace ServerlessEventing.Bench.Targets;

/// <summary>
/// Debian's rabbitmq-server with its AMQP 1.0 plugin, in a fresh folder: durable queues, persistent messages, each
/// acknowledged when it is on the disk. It knows no <c>$cbs</c> node, with which our own client begins.
/// </summary>
internal sealed class RabbitMq : Bus
{
    /// <summary>The server itself; Debian's wrapper around it insists on a user and folders of its own.</summary>
    private const string Server = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private const string PortMapper = "/usr/bin/epmd";
    private const string PortMapperPort = "ERL_EPMD_PORT";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder;
    private readonly int mapperPort;

    private RabbitMq(string folder, ChildProcess process, TimeSpan startTime, int port, int mapperPort)
        : base("RabbitMQ", process, startTime)
    {
        this.folder = folder;
        Address = new("127.0.0.1", port, "guest", "guest", "/", "AMQP");
        this.mapperPort = mapperPort;
    }

    public static bool IsInstalled => File.Exists(Server);

    public static async Task<RabbitMq> StartAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("eventing-bench-").FullName;
        try
        {
            var plugins = Path.Combine(folder, "enabled_plugins");
            await File.WriteAllTextAsync(plugins, "[rabbitmq_amqp1_0].\n", cancellationToken);
            var (port, mapperPort) = (Controls.FreePort(), Controls.FreePort());
            var settings = new ProcessStartInfo(Server)
            {
                Environment =
                {
                    ["HOME"] = folder,
                    ["RABBITMQ_NODENAME"] = "bench@localhost",
                    ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "data"),
                    ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
                    ["RABBITMQ_ENABLED_PLUGINS_FILE"] = plugins,
                    ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
                    ["RABBITMQ_NODE_PORT"] = Text(port),
                    ["RABBITMQ_DIST_PORT"] = Text(Controls.FreePort()),
                    [PortMapperPort] = Text(mapperPort),
                },
            };
            var start = Stopwatch.GetTimestamp();
            var process = await ChildProcess.StartAsync(settings, "completed with", Patience, cancellationToken);
            return new(folder, process, Stopwatch.GetElapsedTime(start), port, mapperPort);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    public override Address Address { get; }

    /// <summary>The first link to an address under <c>/queue</c> declares the queue.</summary>
    public override Task<string> CreateQueueAsync(CancellationToken cancellationToken) =>
        Task.FromResult($"/queue/bench-{Guid.NewGuid():N}");

    /// <summary>Nothing: a drained queue costs nothing, and the folder goes at the end.</summary>
    public override Task DeleteQueueAsync(string queue, CancellationToken cancellationToken) => Task.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();

        // The server started a port mapper for its node and leaves it behind.
        using var kill = Process.Start(new ProcessStartInfo(PortMapper, ["-kill"])
        {
            Environment = { [PortMapperPort] = Text(mapperPort) },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await kill.WaitForExitAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
