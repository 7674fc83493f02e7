// `eventing functions`: the function app's handler, as a Functions host or the house starts it.
using System.CommandLine;
using ServerlessEventing.Functions;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Runs the handler; settings come from the environment.</summary>
internal static class FunctionsCommand
{
    public static Command Create()
    {
        var command = new Command(
            "functions",
            """
            Run the function app's handler. Settings: ServiceBusConnection, RoutingTable, EVENTING_DOOR
            (docs/configuration.md).

            Examples:
              EVENTING_DOOR=pump RoutingTable=routing.json eventing functions
            """)
        {
            ParentLife.Child,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        await using var life = ParentLife.Watch(result, cancellationToken);
        return await FunctionsApplication.RunAsync([], life.Token);
    }
}
