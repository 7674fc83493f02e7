// `eventing deadletters`: looks into the queue where everything undeliverable ends, and sends back or takes away.
using System.CommandLine;
using System.Text.Json;
using ServerlessEventing.Cli.Bus;
using ServerlessEventing.Cli.DeadLetters;
using ServerlessEventing.Cli.House;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.ServiceBus;

namespace ServerlessEventing.Cli.Commands;

/// <summary>List, show, replay and discard dead letters; none is listed without its reason.</summary>
internal static class DeadLettersCommand
{
    private static readonly Option<string?> Connection = new("--connection")
    {
        Description =
            "Service Bus connection string; otherwise the variable ServiceBusConnection, otherwise the local house",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object a line" };

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "The most to list or act on",
        DefaultValueFactory = _ => 1000,
    };

    private static readonly Option<string?> Trigger = new("--trigger")
    {
        Description = "Only those of this Trigger or Subscription: namespace/name, or the uid of its egress",
    };

    private static readonly Option<string?> Id = new("--id")
    {
        Description = "Only those of this event: the CloudEvent's id, or its eventing id",
    };

    private static readonly Option<bool> All = new("--all") { Description = "Every dead letter" };

    public static Command Create() => new Command(
        "deadletters",
        """
        Look at events that could not be delivered and had no dead-letter sink; send them again, or discard them.

        Examples:
          eventing deadletters list
          eventing deadletters show --id order-1
          eventing deadletters replay --trigger default/orders
          eventing deadletters discard --all
        """)
    {
        Verb("list", "List the dead letters, oldest first", ListAsync, Json),
        Verb("show", "Show dead letters whole, data included", ShowAsync),
        Verb("replay", "Send dead letters again to the very egress that failed", ReplayAsync, All),
        Verb("discard", "Take dead letters away for good", DiscardAsync, All),
    };

    private static Command Verb(
        string name,
        string description,
        Func<ParseResult, DeadLetterQueue, CancellationToken, Task> run,
        params Option[] options)
    {
        var verb = new Command(name, description) { Connection, HouseArguments.PortOffset, Trigger, Id, Limit };
        foreach (var option in options)
        {
            verb.Options.Add(option);
        }

        verb.SetAction((result, cancellationToken) => RunAsync(result, run, cancellationToken));
        return verb;
    }

    private static async Task<int> RunAsync(
        ParseResult result,
        Func<ParseResult, DeadLetterQueue, CancellationToken, Task> run,
        CancellationToken cancellationToken)
    {
        var connection = result.GetValue(Connection)
            ?? ServiceBusConnectionSetting.FromEnvironment()
            ?? LocalConnection(result.GetValue(HouseArguments.PortOffset));
        try
        {
            await using var client = new ServiceBusClient(connection);
            await run(result, new(client, TimeProvider.System), cancellationToken);
            return 0;
        }
        catch (Exception failure) when (failure is ServiceBusException or UnauthorizedAccessException)
        {
            throw new CommandException($"{EntityNames.DeadLetters}: {BusFailure.Text(failure)}");
        }
        catch (Exception failure) when (failure is ArgumentException or FormatException)
        {
            throw new CommandException($"connection string: {failure.Message}");
        }
    }

    private static async Task ListAsync(
        ParseResult result, DeadLetterQueue queue, CancellationToken cancellationToken)
    {
        var json = result.GetValue(Json);
        var messages = await queue.PeekAsync(Selected(result), result.GetValue(Limit), cancellationToken);
        foreach (var letter in messages.Select(DeadLetter.Of))
        {
            Terminal.Line(json
                ? JsonSerializer.Serialize(letter, DeadLetterContext.Default.DeadLetter)
                : DeadLetterText.Line(letter));
        }

        if (!json)
        {
            Terminal.Line(DeadLetterText.Count(messages.Count));
        }
    }

    private static async Task ShowAsync(
        ParseResult result, DeadLetterQueue queue, CancellationToken cancellationToken)
    {
        var selection = Selected(result);
        var messages = await queue.PeekAsync(selection, result.GetValue(Limit), cancellationToken);
        RequireSome(messages.Count, selection);
        foreach (var message in messages)
        {
            foreach (var line in DeadLetterText.Whole(message))
            {
                Terminal.Line(line);
            }

            Terminal.Line();
        }
    }

    private static async Task ReplayAsync(
        ParseResult result, DeadLetterQueue queue, CancellationToken cancellationToken)
    {
        var selection = Chosen(result);
        Report("replayed", selection, await queue.ReplayAsync(selection, result.GetValue(Limit), cancellationToken));
    }

    private static async Task DiscardAsync(
        ParseResult result, DeadLetterQueue queue, CancellationToken cancellationToken)
    {
        var selection = Chosen(result);
        Report("discarded", selection, await queue.DiscardAsync(selection, result.GetValue(Limit), cancellationToken));
    }

    private static void Report(string done, DeadLetterSelection selection, DeadLetterPass pass)
    {
        foreach (var letter in pass.Done)
        {
            Terminal.Line($"{done}: {DeadLetterText.Line(letter)}");
        }

        foreach (var (letter, why) in pass.Kept)
        {
            Terminal.Line($"not {done}, {why}: {DeadLetterText.Line(letter)}");
        }

        RequireSome(pass.Done.Count + pass.Kept.Count + pass.NotReached, selection);
        Terminal.Line($"{DeadLetterText.Count(pass.Done.Count)} {done}");
        if (pass.NotReached > 0)
        {
            throw new CommandException(
                $"{DeadLetterText.Count(pass.NotReached)} not reached: locked by someone else, or behind too many "
                + "others; run it again in a minute, or clear the way with --trigger");
        }
    }

    private static DeadLetterSelection Selected(ParseResult result) =>
        new(result.GetValue(Trigger), result.GetValue(Id));

    // A slip of the finger must not send everything again.
    private static DeadLetterSelection Chosen(ParseResult result)
    {
        var selection = Selected(result);
        return selection != DeadLetterSelection.All || result.GetValue(All)
            ? selection
            : throw new CommandException("say which: --trigger NAMESPACE/NAME, --id ID, or --all");
    }

    private static void RequireSome(int count, DeadLetterSelection selection)
    {
        if (count == 0 && selection != DeadLetterSelection.All)
        {
            throw new CommandException($"no dead letter with {selection}; see `eventing deadletters list`");
        }
    }

    private static string LocalConnection(int offset) =>
        $"Endpoint=sb://localhost:{new HousePorts(offset).Amqp};SharedAccessKeyName=RootManageSharedAccessKey;"
        + "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";
}
