// `eventing deadletters`: looks into the queue where everything undeliverable ends.
using System.CommandLine;
using System.Text.Json;
using ServerlessEventing.Cli.DeadLetters;
using ServerlessEventing.Cli.House;
using ServerlessEventing.Cli.Output;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Lists dead letters; none is listed without its reason.</summary>
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
        Description = "The most to list",
        DefaultValueFactory = _ => 1000,
    };

    public static Command Create()
    {
        var list = new Command("list", "List the dead letters, oldest first")
        {
            Connection, HouseArguments.PortOffset, Json, Limit,
        };
        list.SetAction(ListAsync);
        return new Command(
            "deadletters",
            """
            Look at events that could not be delivered and had no dead-letter sink.

            Examples:
              eventing deadletters list
              eventing deadletters list --json
            """)
        {
            list,
        };
    }

    private static async Task<int> ListAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var connection = result.GetValue(Connection)
            ?? Environment.GetEnvironmentVariable("ServiceBusConnection")
            ?? LocalConnection(result.GetValue(HouseArguments.PortOffset));
        var letters = await DeadLetterQueue.ReadAsync(connection, result.GetValue(Limit), cancellationToken);
        foreach (var letter in letters)
        {
            Terminal.Line(result.GetValue(Json)
                ? JsonSerializer.Serialize(letter, DeadLetterContext.Default.DeadLetter)
                : Describe(letter));
        }

        if (!result.GetValue(Json))
        {
            Terminal.Line(letters.Count == 1 ? "1 dead letter" : $"{letters.Count} dead letters");
        }

        return 0;
    }

    private static string Describe(DeadLetter letter)
    {
        var error = letter.ErrorDestination is null
            ? ""
            : $" {letter.ErrorDestination} answered {letter.ErrorCode}";
        return Terminal.Printable(
            $"{letter.EnqueuedTime:u} {letter.EventType} id {letter.EventId} egress {letter.Egress}: "
                + letter.Reason + error,
            1000);
    }

    private static string LocalConnection(int offset) =>
        $"Endpoint=sb://localhost:{new HousePorts(offset).Amqp};SharedAccessKeyName=RootManageSharedAccessKey;"
        + "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";
}
