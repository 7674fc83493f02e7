// The words event-display is told what to do with: on the command line and in a Deployment's args.
using System.CommandLine;

namespace ServerlessEventing.Cli.Subscribers;

/// <summary>The options of event-display.</summary>
internal static class EventDisplayArguments
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

    public static IReadOnlyList<Option> All => [Port, LedgerFile, Fail, Refuse, Reply, Delay];

    public static EventDisplayOptions Read(ParseResult result) => new()
    {
        Port = result.GetValue(Port),
        Ledger = result.GetValue(LedgerFile),
        Fail = result.GetValue(Fail),
        Refuse = result.GetValue(Refuse),
        Reply = result.GetValue(Reply),
        Delay = TimeSpan.FromSeconds(result.GetValue(Delay)),
    };

    /// <summary>Reads the args of a Deployment's container; says what is wrong with them.</summary>
    public static EventDisplayOptions ParseContainerArgs(IReadOnlyList<string> args)
    {
        var command = new RootCommand();
        foreach (var option in All)
        {
            command.Options.Add(option);
        }

        var result = command.Parse([.. args]);
        return result.Errors.Count == 0
            ? Read(result) with { Port = 0 }
            : throw new CommandException($"event-display: {result.Errors[0].Message}");
    }
}
