// `eventing kubernetes`: the small Kubernetes API alone.
using System.CommandLine;
using ServerlessEventing.Cli.Output;
using ServerlessEventing.Local.Kubernetes;

namespace ServerlessEventing.Cli.Commands;

/// <summary>Runs the Kubernetes API until Ctrl+C.</summary>
internal static class KubernetesCommand
{
    private static readonly Option<string> Data = new("--data")
    {
        Description = "Folder for objects, certificates and the kubeconfig",
        DefaultValueFactory = _ => Path.Combine(".eventing", "kubernetes"),
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "https port",
        DefaultValueFactory = _ => 6443,
    };

    public static Command Create()
    {
        var command = new Command(
            "kubernetes",
            """
            Run the small Kubernetes API alone, until Ctrl+C. kubectl works against it.

            Examples:
              eventing kubernetes
              eventing kubernetes --data ./cluster --port 16443
            """)
        {
            Data, Port, HouseArguments.Verbose,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        using var logger = HouseArguments.CreateLogger(result.GetValue(HouseArguments.Verbose));
        var data = result.GetValue(Data)!;
        var options = new KubernetesApiOptions
        {
            DataFolder = data,
            Port = result.GetValue(Port),
            KubeconfigPath = Path.GetFullPath(Path.Combine(data, "kubeconfig")),
            LoggerFactory = logger,
        };
        await using var api = await HouseArguments.StartPartAsync(
            () => KubernetesApi.StartAsync(options, cancellationToken));
        Terminal.Row("Kubernetes API", $"https://localhost:{api.Port}");
        Terminal.Row("kubectl", $"export KUBECONFIG={api.KubeconfigPath}");
        await Stopping.WaitAsync(cancellationToken);
        return 0;
    }
}
