// `eventing servicebus`: the Service Bus emulator alone.
using System.CommandLine;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Local.ServiceBus;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Runs the emulator until Ctrl+C.</summary>
internal static class ServiceBusCommand
{
    private static readonly Option<string> Data = new("--data")
    {
        Description = "Folder for entities and messages",
        DefaultValueFactory = _ => Path.Combine(".eventing", "servicebus"),
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "AMQP port",
        DefaultValueFactory = _ => 5672,
    };

    private static readonly Option<int> ManagementPort = new("--admin-port")
    {
        Description = "Management port",
        DefaultValueFactory = _ => 5300,
    };

    public static Command Create()
    {
        var command = new Command(
            "servicebus",
            """
            Run the Service Bus emulator alone, until Ctrl+C.

            Examples:
              eventing servicebus
              eventing servicebus --data /tmp/bus --port 15672 --admin-port 15300
            """)
        {
            Data, Port, ManagementPort, HouseArguments.Verbose,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        using var logger = HouseArguments.CreateLogger(result.GetValue(HouseArguments.Verbose));
        var options = new ServiceBusEmulatorOptions
        {
            DataFolder = result.GetValue(Data)!,
            AmqpPort = result.GetValue(Port),
            ManagementPort = result.GetValue(ManagementPort),
            LoggerFactory = logger,
        };
        await using var emulator = await HouseArguments.StartPartAsync(
            () => ServiceBusEmulator.StartAsync(options, cancellationToken));
        Terminal.Row("Service Bus", $"amqp://localhost:{emulator.AmqpPort}");
        Terminal.Row("Management", $"http://localhost:{emulator.ManagementPort}");
        Terminal.Row("Connection string", emulator.ConnectionString);
        await Stopping.WaitAsync(cancellationToken);
        return 0;
    }
}
