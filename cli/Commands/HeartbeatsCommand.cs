// `eventing heartbeats`: what Knative's heartbeats image does, for ContainerSources and SinkBindings.
using System.CommandLine;
using System.Globalization;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Cli.Sending;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Sends an event every period until Ctrl+C.</summary>
internal static class HeartbeatsCommand
{
    private static readonly Option<string?> Sink = new("--sink")
    {
        Description = "Address to send to; else K_SINK, else SINK",
    };

    private static readonly Option<string> Label = new("--label")
    {
        Description = "Text in each event",
        DefaultValueFactory = _ => "",
    };

    private static readonly Option<string> Period = new("--period")
    {
        Description = "Time between two events: seconds, or with a unit as 500ms, 2s, 1m",
        DefaultValueFactory = _ => "5",
    };

    public static Command Create()
    {
        var command = new Command(
            "heartbeats",
            """
            Send an event every few seconds, as Knative's heartbeats image does.

            Examples:
              eventing heartbeats --sink http://localhost:7071/default/default --period 2
            """)
        {
            Sink, Label, Period, ParentLife.Child,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var address = result.GetValue(Sink) ?? Variable("K_SINK") ?? Variable("SINK");
        if (!Uri.TryCreate(address, UriKind.Absolute, out var sink) || sink.Scheme is not ("http" or "https"))
        {
            throw new CommandException($"--sink: \"{address}\" is not an http address (K_SINK and SINK are taken too)");
        }

        var heartbeats = new Heartbeats
        {
            Sink = sink,
            Period = PeriodOf(result.GetValue(Period)!),
            Label = result.GetValue(Label)!,
            Pod = $"{Variable("POD_NAMESPACE")}/{Variable("POD_NAME")}",
            Extensions = Heartbeats.ExtensionsOf(Variable("K_CE_OVERRIDES")),
        };
        await using var life = ParentLife.Watch(result, cancellationToken);
        using var client = new HttpClient();
        try
        {
            await heartbeats.RunAsync(client, Terminal.Line, TimeProvider.System, life.Token);
        }
        catch (OperationCanceledException) when (life.Token.IsCancellationRequested)
        {
            // Told to stop.
        }

        return 0;
    }

    private static TimeSpan PeriodOf(string text)
    {
        var (number, unit) = text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], 0.001)
            : text.EndsWith('s') ? (text[..^1], 1)
            : text.EndsWith('m') ? (text[..^1], 60)
            : (text, 1.0);
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value * unit is >= 0.01 and <= 86_400
            ? TimeSpan.FromSeconds(value * unit)
            : throw new CommandException($"--period: \"{text}\" is not a time from 10ms to a day, as 2s");
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
