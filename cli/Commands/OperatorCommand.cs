// `eventing operator`: the operator alone, against any cluster.
using System.CommandLine;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Operator;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Runs the operator until Ctrl+C.</summary>
internal static class OperatorCommand
{
    private static readonly Option<string?> Kubeconfig = new("--kubeconfig")
    {
        Description = "Cluster to work on; otherwise KUBECONFIG, otherwise the cluster it runs in",
    };

    private static readonly Option<string?> Connection = new("--connection")
    {
        Description = "Service Bus connection string; otherwise the variable ServiceBusConnection",
    };

    private static readonly Option<string?> ManagementConnection = new("--admin-connection")
    {
        Description = "The same with the management port, for an emulator that is not on its usual ports",
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "Port of /routing, /healthz and /readyz",
        DefaultValueFactory = _ => 8081,
    };

    public static Command Create()
    {
        var command = new Command(
            "operator",
            """
            Run the operator alone, until Ctrl+C.

            Examples:
              eventing operator --kubeconfig .eventing/kubeconfig --connection "Endpoint=sb://…"
            """)
        {
            Kubeconfig, Connection, ManagementConnection, Port, HouseArguments.Verbose,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        using var logger = HouseArguments.CreateLogger(result.GetValue(HouseArguments.Verbose));
        var connection = result.GetValue(Connection)
            ?? ServiceBusConnectionSetting.FromEnvironment()
            ?? throw new CommandException(
                $"no Service Bus: give --connection, or {ServiceBusConnectionSetting.Expected}");
        var options = new OperatorOptions
        {
            KubeconfigPath = result.GetValue(Kubeconfig) ?? Environment.GetEnvironmentVariable("KUBECONFIG"),
            ServiceBusConnection = connection,
            ServiceBusManagementConnection = result.GetValue(ManagementConnection),
            RoutingPort = result.GetValue(Port),
            LoggerFactory = logger,
        };
        await using var application = await HouseArguments.StartPartAsync(
            () => OperatorApplication.StartAsync(options, cancellationToken));
        Terminal.Row("Routing table", application.RoutingUri.AbsoluteUri);
        await Stopping.WaitAsync(cancellationToken);
        return 0;
    }
}
