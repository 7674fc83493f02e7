// `eventing up`: the local house, until Ctrl+C.
using System.CommandLine;
using ServerlessEventing.Cli.House;
using ServerlessEventing.Cli.Manifests;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Local.ServiceBus.Messaging;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Starts everything, applies manifests, says where things are, and stays.</summary>
internal static class UpCommand
{
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromSeconds(60);

    private static readonly Argument<string[]> Manifests = new("manifests")
    {
        Description = "Files or folders of Kubernetes manifests to apply",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<string> Data = new("--data")
    {
        Description = "Folder for everything the house remembers",
        DefaultValueFactory = _ => ".eventing",
    };

    private static readonly Option<string?> QuirksOf = new("--quirks")
    {
        Description = "azure: throttling, late forwards, unpunctual schedules and more, where Azure promises little",
    };

    private static readonly Option<bool> Autoscale = new("--autoscale")
    {
        Description = "Follow ScaledObjects as a cluster with KEDA does: what is dedicated runs from no replica up",
    };

    private static readonly Option<int> Speed = new("--autoscale-speed")
    {
        Description = "With --autoscale: so many times as fast as in a cluster, where it polls every 30 s",
        DefaultValueFactory = _ => 1,
    };

    public static Command Create()
    {
        var command = new Command(
            "up",
            """
            Start the local house and stay until Ctrl+C. What was applied and what is queued is kept in --data.

            Examples:
              eventing up samples/quickstart
              eventing up --data ./house --port-offset 10000
              eventing up --door pump
              eventing up --autoscale --autoscale-speed 30
            """)
        {
            Manifests, Data, HouseArguments.PortOffset, HouseArguments.Door, QuirksOf, Autoscale, Speed,
            HouseArguments.Verbose,
        };
        QuirksOf.AcceptOnlyFromAmong("azure");
        Speed.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int>() < 1)
            {
                given.AddError("--autoscale-speed must be a number from 1 up");
            }
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var manifests = (result.GetValue(Manifests) ?? []).SelectMany(ManifestReader.Read).ToList();

        // What is not Ready yet is only a beginning; what stays so is shown with its reason below.
        var isStarting = true;
        using var logger = HouseArguments.CreateLogger(
            result.GetValue(HouseArguments.Verbose), isStarting: () => isStarting);
        var options = new HouseOptions
        {
            DataFolder = result.GetValue(Data)!,
            Ports = new HousePorts(result.GetValue(HouseArguments.PortOffset)),
            Door = result.GetValue(HouseArguments.Door),
            Autoscale = result.GetValue(Autoscale) ? result.GetValue(Speed) : null,
            Quirks = result.GetValue(QuirksOf) is null ? null : new AzureQuirks(),
            Print = Terminal.Line,
            Started = (name, where) => Terminal.Row(name, where),
            LoggerFactory = logger,
        };
        await using var house = await HouseArguments.OpenAsync(options, cancellationToken);
        await house.ApplyAsync(manifests, cancellationToken);
        var states = await Readiness.WaitAsync(
            house.Client, manifests, ReadyDeadline, options.Time, cancellationToken);
        foreach (var state in states)
        {
            Terminal.Row(
                state.Manifest.ToString(),
                state.Ready
                    ? $"{Terminal.Good("Ready")} {state.Address}"
                    : $"{Terminal.Bad("not Ready")} {state.Reason}: {state.Message}");
        }

        isStarting = false;
        Terminal.Line();
        Terminal.Heading("Serverless Eventing is up. Ctrl+C stops it; what is queued stays.");
        Terminal.Row("Send", $"POST {house.Ingress.AbsoluteUri}<namespace>/<broker>");
        Terminal.Row("kubectl", $"export KUBECONFIG={house.Data.Kubeconfig}");
        await Stopping.WaitAsync(cancellationToken);
        Terminal.Line("Stopping…");
        return 0;
    }
}
