// `eventing event-display`: a subscriber that prints what it receives and keeps a ledger.
using System.CommandLine;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Cli.Subscribers;

namespace ServerlessEventing.Cli.Commands;

/// <summary>The command, and the same options read from a Deployment's args.</summary>
internal static class EventDisplayCommand
{
    private static readonly Option<int> Port = new("--port")
    {
        Description = "Loopback port to listen on",
        DefaultValueFactory = _ => 8080,
    };

    private static readonly Option<string?> LedgerFile = new("--ledger")
    {
        Description = "File that gets one JSON line for each event accepted",
    };

    private static readonly Option<int> Fail = new("--fail")
    {
        Description = "Answer 503 to the first N tries of each event",
    };

    private static readonly Option<bool> Refuse = new("--refuse") { Description = "Answer 500 to everything" };

    private static readonly Option<string?> Reply = new("--reply")
    {
        Description = "Answer with a CloudEvent of this type",
    };

    private static readonly Option<double> Delay = new("--delay") { Description = "Seconds each answer takes" };

    public static Command Create()
    {
        var command = new Command(
            "event-display",
            """
            Print the CloudEvents that arrive, and keep a ledger of them.

            Examples:
              eventing event-display --port 8080
              eventing event-display --ledger events.jsonl --fail 2
              eventing event-display --reply com.example.answer
            """)
        {
            Port, LedgerFile, Fail, Refuse, Reply, Delay,
        };
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>Reads the args of a Deployment's container; says what is wrong with them.</summary>
    public static EventDisplayOptions ParseArgs(IReadOnlyList<string> args)
    {
        var result = Create().Parse([.. args]);
        return result.Errors.Count == 0
            ? Options(result) with { Port = 0 }
            : throw new CommandException($"event-display: {result.Errors[0].Message}");
    }

    private static EventDisplayOptions Options(ParseResult result) => new()
    {
        Port = result.GetValue(Port),
        Ledger = result.GetValue(LedgerFile),
        Fail = result.GetValue(Fail),
        Refuse = result.GetValue(Refuse),
        Reply = result.GetValue(Reply),
        Delay = TimeSpan.FromSeconds(result.GetValue(Delay)),
    };

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var options = Options(result);
        await using var display = await StartAsync(options, cancellationToken);
        Terminal.Line($"event-display listens on http://localhost:{display.Port}");
        await Stopping.WaitAsync(cancellationToken);
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
            throw new CommandException($"event-display cannot listen on port {options.Port}: {failure.Message} (--port)");
        }
    }
}
