// `eventing detach`: lets objects go whose operator was removed before them.
using System.CommandLine;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Operator;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Takes the operator's finalizers off; for when no operator runs that would do it.</summary>
internal static class DetachCommand
{
    private static readonly Option<string?> Kubeconfig = new("--kubeconfig")
    {
        Description = "Kubeconfig file (default: the environment's KUBECONFIG, else your own)",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command(
            "detach",
            """
            Take the operator's finalizers off Channels and Subscriptions, so that they can be deleted when the operator
            was removed before them. What they have on Service Bus stays there.

            Examples:
              eventing detach --kubeconfig .eventing/kubeconfig
            """)
        {
            Kubeconfig,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var count = 0;
        try
        {
            await Detachment.RunAsync(
                result.GetValue(Kubeconfig) ?? Environment.GetEnvironmentVariable("KUBECONFIG"),
                name =>
                {
                    count++;
                    Terminal.Row("Let go", name);
                },
                cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            throw new CommandException($"the Kubernetes API cannot be used: {failure.Message}");
        }

        Terminal.Row("Objects", $"{count}");
        return 0;
    }
}
