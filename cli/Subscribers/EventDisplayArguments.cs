// The words event-display is told what to do with: on the command line and in a Deployment's args.
using System.CommandLine;
using System.Globalization;

namespace ServerlessEventing.Cli.Subscribers;

/// <summary>The options of event-display.</summary>
internal static class EventDisplayArguments
{
    private const string PortVariable = "PORT";
    private const string LedgerVariable = "EVENT_DISPLAY_LEDGER";
    private const int MaxFailures = 1_000;

    private static readonly Option<int> Port = new("--port")
    {
        Description = $"Loopback port to listen on; the variable {PortVariable} goes before it",
        DefaultValueFactory = _ => 8080,
    };

    private static readonly Option<string?> LedgerFile = new("--ledger")
    {
        Description = "File that gets one JSON line for each event accepted",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(LedgerVariable),
    };

    private static readonly Option<int> Fail = new("--fail")
    {
        Description = "Answer 503 to the first N tries of each event",
    };

    private static readonly Option<bool> Refuse = new("--refuse") { Description = "Answer 500 to everything" };

    private static readonly Option<string?> Status = new("--status")
    {
        Description = "Answers to the tries of each event in turn, the last one for good: 503,429,202",
    };

    private static readonly Option<string?> Reply = new("--reply")
    {
        Description = "Answer with a CloudEvent of this type",
    };

    private static readonly Option<double> Delay = new("--delay") { Description = "Seconds each answer takes" };

    public static IReadOnlyList<Option> All => [Port, LedgerFile, Fail, Refuse, Status, Reply, Delay];

    public static EventDisplayOptions Read(ParseResult result) => new()
    {
        Port = int.TryParse(
            Environment.GetEnvironmentVariable(PortVariable), NumberStyles.None, CultureInfo.InvariantCulture,
            out var given)
            ? given
            : result.GetValue(Port),
        Ledger = result.GetValue(LedgerFile),
        Answers = Answers(result),
        Reply = result.GetValue(Reply),
        Delay = TimeSpan.FromSeconds(Math.Clamp(result.GetValue(Delay), 0, 3600)),
    };

    private static IReadOnlyList<int> Answers(ParseResult result)
    {
        var (fail, refuse, list) = (result.GetValue(Fail), result.GetValue(Refuse), result.GetValue(Status));
        if ((fail > 0 ? 1 : 0) + (refuse ? 1 : 0) + (list is null ? 0 : 1) > 1)
        {
            throw new CommandException("event-display: give one of --fail, --refuse and --status");
        }

        if (list is not null)
        {
            return [.. list.Split(',').Select(Code)];
        }

        return refuse
            ? [500]
            : [.. Enumerable.Repeat(503, Math.Clamp(fail, 0, MaxFailures)), EventDisplayOptions.Accepted];
    }

    private static int Code(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 200 and <= 599
            ? code
            : throw new CommandException(
                $"event-display: --status has \"{text}\"; it must be status codes from 200 to 599, as 503,429,202");
}
