// Runs one command and turns expected failures into one line on stderr.
using System.CommandLine;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Parses, runs, and reports: exit 0 well, 1 failed, 2 called wrongly.</summary>
internal static class CommandRunner
{
    private const int WronglyCalled = 2;

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        var result = root.Parse(args);
        if (result.Errors.Count > 0 && result.Action is not System.CommandLine.Help.HelpAction)
        {
            await Console.Error.WriteLineAsync($"eventing: {result.Errors[0].Message} (see eventing --help)");
            return WronglyCalled;
        }

        // A killed parent or a closed pipe must not leave the house half up, so SIGTERM ends it like Ctrl+C.
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
        };
        try
        {
            return await result.InvokeAsync(configuration);
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
        catch (CommandException failure)
        {
            await Console.Error.WriteLineAsync($"eventing: {failure.Message}");
            return 1;
        }
    }
}
