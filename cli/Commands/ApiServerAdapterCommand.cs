// `eventing apiserver-adapter`: the receive adapter of an ApiServerSource, as its Deployment starts it.
using System.CommandLine;
using ServerlessEventing.Operator.Adapters;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Runs the adapter; settings come from the environment.</summary>
internal static class ApiServerAdapterCommand
{
    private static readonly Argument<string[]> ImageArguments = new("arguments")
    {
        Description = "What the operator's image is started with; means nothing here",
        Arity = ArgumentArity.ZeroOrMore,
        Hidden = true,
    };

    public static Command Create()
    {
        var command = new Command(
            "apiserver-adapter",
            """
            Run the receive adapter of an ApiServerSource: K_SINK and K_SOURCE_CONFIG, or v0.7's SINK_URI, MODE,
            API_VERSION, KIND, CONTROLLER, SYSTEM_NAMESPACE (docs/sources.md); KUBECONFIG names the cluster,
            KUBECONFIG_AS a user to act as (kubectl's --as).

            Examples:
              K_SINK=http://localhost:8080 K_SOURCE_CONFIG='{"allNamespaces": true, "mode": "Resource",
                "resources": [{"apiVersion": "v1", "kind": "Event"}]}' eventing apiserver-adapter
            """)
        {
            ImageArguments, ParentLife.Child, HouseArguments.Verbose,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        using var loggers = HouseArguments.CreateLogger(result.GetValue(HouseArguments.Verbose));
        await using var life = ParentLife.Watch(result, cancellationToken);
        return await ApiServerAdapter.RunAsync(Environment.GetEnvironmentVariable, loggers, life.Token);
    }
}
