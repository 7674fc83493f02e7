// `eventing event-display`: a subscriber that prints what it receives and keeps a ledger.
using System.CommandLine;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Cli.Subscribers;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Runs one event-display until Ctrl+C.</summary>
internal static class EventDisplayCommand
{
    public static Command Create()
    {
        var command = new Command(
            "event-display",
            """
            Print the CloudEvents that arrive, and keep a ledger of them.

            Examples:
              eventing event-display --port 8080
              eventing event-display --ledger events.jsonl --fail 2
              eventing event-display --status 503,429,202 --delay 0.5
              eventing event-display --reply com.example.answer
            """);
        foreach (var option in EventDisplayArguments.All)
        {
            command.Options.Add(option);
        }

        command.Options.Add(ParentLife.Child);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var options = EventDisplayArguments.Read(result);
        await using var life = ParentLife.Watch(result, cancellationToken);
        await using var display = await StartAsync(options, cancellationToken);
        Terminal.Line($"event-display listens on http://localhost:{display.Port}");
        await Stopping.WaitAsync(life.Token);
        return 0;
    }

    private static async Task<EventDisplay> StartAsync(
        EventDisplayOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await EventDisplay.StartAsync(options, Terminal.Line, TimeProvider.System, cancellationToken);
        }
        catch (IOException failure)
        {
            throw new CommandException(
                $"event-display cannot listen on port {options.Port}: {failure.Message} (--port)");
        }
    }
}
