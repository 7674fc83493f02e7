// Runs one command and turns expected failures into one line on stderr.
using System.CommandLine;
using System.CommandLine.Help;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Parses, runs, and reports: exit 0 well, 1 failed, 2 called wrongly.</summary>
internal static class CommandRunner
{
    private const int WronglyCalled = 2;

    // Longer than any command gives itself: `functions` finishes its deliveries.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(120);

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        var result = root.Parse(args);
        if (result.CommandResult.Command == root)
        {
            ShortenDescriptions(root);
        }

        if (result.Errors.Count > 0 && result.Action is not HelpAction)
        {
            var wrong = result.UnmatchedTokens is [var first, ..]
                ? $"'{first}' is not a command or option here"
                : result.Errors[0].Message.TrimEnd('.');
            await Console.Error.WriteLineAsync($"eventing: {wrong} (see eventing --help)");
            return WronglyCalled;
        }

        // A killed parent or a closed pipe must not leave the house half up, so SIGTERM ends it like Ctrl+C.
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = LongestEnd,
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

    /// <summary>The list of commands says one line about each; a command's own help has its examples.</summary>
    private static void ShortenDescriptions(RootCommand root)
    {
        foreach (var command in root.Subcommands)
        {
            command.Description = command.Description?.Split("\n\n")[0];
        }
    }
}
