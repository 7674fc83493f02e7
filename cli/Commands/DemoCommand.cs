// `eventing demo`: everything at once in a fresh folder: start, apply, send, show, count, clean up.
using System.CommandLine;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Cli.Demo;
using ServerlessEventing.Cli.House;
using ServerlessEventing.Cli.Output;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Runs the walkthrough and the shop and counts what arrived; exit 0 only if all did.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var command = new Command(
            "demo",
            """
            Start a house in a fresh folder, play Knative v0.7's walkthrough and a day in a small shop, show who got
            which event.

            Examples:
              eventing demo
              eventing demo --door pump --port-offset 10000
            """)
        {
            HouseArguments.PortOffset, HouseArguments.Door, HouseArguments.Verbose,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var verbose = result.GetValue(HouseArguments.Verbose);
        // What is not Ready yet is a warning of the operator's, and here only a beginning.
        using var logger = HouseArguments.CreateLogger(verbose, LogLevel.Error);
        var folder = Directory.CreateTempSubdirectory("eventing-demo-").FullName;
        try
        {
            Terminal.Heading("Starting: no Docker, no cluster, no cloud");
            var options = new HouseOptions
            {
                DataFolder = folder,
                Ports = new HousePorts(result.GetValue(HouseArguments.PortOffset)),
                Door = result.GetValue(HouseArguments.Door),
                Print = text => PrintIf(verbose, text),
                Started = (name, where) => Terminal.Row(name, where),
                LoggerFactory = logger,
            };
            await using var house = await HouseArguments.OpenAsync(options, cancellationToken);
            return await new DemoPlay(house, options.Time).RunAsync(cancellationToken) ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void PrintIf(bool verbose, string text)
    {
        if (verbose)
        {
            Terminal.Line(text);
        }
    }
}
