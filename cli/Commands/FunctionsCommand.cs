// `eventing functions`: the function app's handler, as a Functions host or the house starts it.
using System.CommandLine;
using ServerlessEventing.Functions;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Runs the handler; settings come from the environment.</summary>
internal static class FunctionsCommand
{
    private static readonly Option<bool> Child = new("--child")
    {
        Description = "End when standard input closes, so that no handler outlives the process that started it",
    };

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
            Child,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        if (!result.GetValue(Child))
        {
            return await FunctionsApplication.RunAsync([], cancellationToken);
        }

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var parent = WatchParentAsync(stopping);
        var code = await FunctionsApplication.RunAsync([], stopping.Token);
        await stopping.CancelAsync();
        return parent.IsFaulted ? 1 : code;
    }

    private static async Task WatchParentAsync(CancellationTokenSource stopping)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[64];
        while (await input.ReadAsync(buffer, stopping.Token) > 0)
        {
            // Nothing is ever said on it; only its end matters.
        }

        await stopping.CancelAsync();
    }
}
