// `eventing send`: posts CloudEvents to an ingress.
using System.CommandLine;
using System.Text.Json.Nodes;
using ServerlessEventing.Cli.House;
using ServerlessEventing.Cli.Sending;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Sends events from the command line, a file or standard input, and says how each was answered.</summary>
internal static class SendCommand
{
    private static readonly Option<string?> Url = new("--url")
    {
        Description = "Address of a Broker or Channel; otherwise the local house's Broker default of namespace default",
    };

    private static readonly Option<string> Type = new("--type")
    {
        Description = "CloudEvent type",
        DefaultValueFactory = _ => "com.example.hello",
    };

    private static readonly Option<string> Source = new("--source")
    {
        Description = "CloudEvent source",
        DefaultValueFactory = _ => "/eventing/send",
    };

    private static readonly Option<string?> Id = new("--id") { Description = "CloudEvent id; a new one otherwise" };

    private static readonly Option<string[]> Attributes = new("--attribute", "-a")
    {
        Description = "Further attribute, name=value; may be given more than once",
    };

    private static readonly Option<string> Data = new("--data")
    {
        Description = "Data, or @FILE",
        DefaultValueFactory = _ => "{\"message\":\"Hello\"}",
    };

    private static readonly Option<string> ContentType = new("--content-type")
    {
        Description = "Media type of the data",
        DefaultValueFactory = _ => "application/json",
    };

    private static readonly Option<string?> Input = new("--event", "-e")
    {
        Description = "File of events as JSON (objects one after the other, or arrays), or - for standard input; "
            + "--type, --source and --attribute fill in what they leave out",
    };

    private static readonly Option<int> Count = new("--count", "-n")
    {
        Description = "How many to send; ids get a number",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<int> Repeat = new("--repeat")
    {
        Description = "How often to send each, with the same id, as a producer does that got no answer",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<double?> Rate = new("--rate") { Description = "Events a second, at most" };

    private static readonly Option<SendMode> Mode = new("--mode") { Description = "Content mode" };

    private static readonly Option<int> Batch = new("--batch")
    {
        Description = "Events in one request, in CloudEvents' batch format",
        DefaultValueFactory = _ => 1,
    };

    public static Command Create()
    {
        var command = new Command(
            "send",
            """
            Send CloudEvents to a Broker or Channel, one request after the other.

            Examples:
              eventing send
              eventing send --type com.example.order --data '{"amount": 3}' -a subject=order-1
              eventing send --count 1000 --rate 50 --mode structured
              eventing send --event events.jsonl --batch 10
              tail -f events.jsonl | eventing send --event -
            """)
        {
            Url, HouseArguments.PortOffset, Type, Source, Id, Attributes, Data, ContentType, Input, Count, Repeat,
            Rate, Mode, Batch,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var url = Address(result);
        var input = result.GetValue(Input);
        if (input is not null)
        {
            Refuse(result, Id, Data, Count);
        }

        var options = new SendOptions
        {
            Url = url,
            Mode = result.GetValue(Mode),
            Batch = Number(result, Batch, 1000),
            Repeat = Number(result, Repeat, 1_000_000),
            Rate = result.GetValue(Rate) is null or > 0
                ? result.GetValue(Rate)
                : throw new CommandException("--rate: must be above 0"),
            Total = input is null ? Number(result, Count, 100_000_000) : null,
        };
        using var client = new HttpClient();
        var events = input is null
            ? EventInput.RepeatAsync(
                await TemplateAsync(result, cancellationToken), options.Total!.Value, cancellationToken)
            : EventInput.ReadAsync(input, Usual(result), cancellationToken);
        return await new SendRun(options, client, TimeProvider.System).RunAsync(events, cancellationToken) ? 0 : 1;
    }

    private static Uri Address(ParseResult result)
    {
        var offset = result.GetValue(HouseArguments.PortOffset);
        if (result.GetValue(Url) is not { } given)
        {
            return new Uri($"http://localhost:{new HousePorts(offset).FunctionApp}/default/default");
        }

        return offset != 0 ? throw new CommandException("--port-offset does not go with --url, which has its port")
            : Uri.TryCreate(given, UriKind.Absolute, out var url) && url.Scheme is ("http" or "https") ? url
            : throw new CommandException($"--url: \"{given}\" is not an http address");
    }

    private static async Task<JsonObject> TemplateAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var template = Usual(result);
        template["id"] = result.GetValue(Id) ?? Guid.CreateVersion7().ToString();
        await EventInput.SetDataAsync(
            template, result.GetValue(Data)!, result.GetValue(ContentType)!, cancellationToken);
        return template;
    }

    private static JsonObject Usual(ParseResult result)
    {
        var usual = new JsonObject
        {
            ["specversion"] = "1.0",
            ["type"] = result.GetValue(Type),
            ["source"] = result.GetValue(Source),
        };
        foreach (var attribute in result.GetValue(Attributes) ?? [])
        {
            var equals = attribute.IndexOf('=', StringComparison.Ordinal);
            usual[equals < 1
                ? throw new CommandException($"--attribute: \"{attribute}\" is not name=value")
                : attribute[..equals]] = attribute[(equals + 1)..];
        }

        return usual;
    }

    private static int Number(ParseResult result, Option<int> option, int most) =>
        result.GetValue(option) is var number && number >= 1 && number <= most
            ? number
            : throw new CommandException($"{option.Name}: must be from 1 to {most}");

    private static void Refuse(ParseResult result, params Option[] options)
    {
        foreach (var option in options.Where(option => result.GetResult(option) is { Implicit: false }))
        {
            throw new CommandException($"{option.Name} does not go with --event: the input has its own");
        }
    }
}
