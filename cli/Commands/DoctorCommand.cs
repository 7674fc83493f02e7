// `eventing doctor`: asks a bus whether it does what Serverless Eventing relies on.
using System.CommandLine;
using System.Globalization;
using ServerlessEventing.Cli.Bus;
using ServerlessEventing.Cli.Doctor;
using ServerlessEventing.Cli.Output;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Prints each check with its answer; exit code 0 when all hold.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command(
            "doctor",
            """
            Ask a bus whether it does what Serverless Eventing relies on.

            Makes queues and topics named eventing-contract-…, sends some hundred messages, removes everything at
            the end. Needs the right to manage. Ends with 0 when all checks hold, otherwise with 1.

            Examples:
              eventing doctor
              eventing doctor --connection "Endpoint=sb://mine.servicebus.windows.net;SharedAccessKeyName=…"
              eventing doctor --connection mine.servicebus.windows.net
            """)
        {
            BusConnection.Connection, BusConnection.ManagementPort,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var bus = new BusConnection(result);
        Terminal.Line($"Makes and removes queues and topics named {BusProbe.Prefix}… in {bus.Host}.");
        var failed = 0;
        await BusConnection.RunAsync(async () =>
        {
            var administration = bus.CreateAdministration();
            await administration.GetNamespacePropertiesAsync(cancellationToken);
            await using var client = bus.CreateClient();
            ContractKind? kind = null;
            await foreach (var answer in BusContract.RunAsync(
                BusContract.Checks, client, administration, cancellationToken))
            {
                if (kind != answer.Check.Kind)
                {
                    kind = answer.Check.Kind;
                    Terminal.Heading(kind == ContractKind.Documented ? "Documented" : "Assumed, documented nowhere");
                }

                failed += answer.Holds ? 0 : 1;
                Print(answer);
            }
        });
        Terminal.Line(failed == 0
            ? $"All {BusContract.Checks.Count} hold."
            : $"{failed} of {BusContract.Checks.Count} do not hold.");
        return failed == 0 ? 0 : 1;
    }

    private static void Print(ContractResult answer)
    {
        var verdict = answer.Holds ? Terminal.Good("holds") : Terminal.Bad("FAILS");
        var time = string.Create(CultureInfo.InvariantCulture, $"{answer.Duration.TotalSeconds:0.0} s");
        var detail = answer.Detail is { } text ? $"{Terminal.Printable(text, 300)}, {time}" : time;
        Terminal.Line($"  {verdict}  {answer.Check.Name}: {answer.Check.Proves} {Terminal.Faint($"({detail})")}");
    }
}
