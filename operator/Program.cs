// Runs the operator with settings from the environment.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator;
using ServerlessEventing.Operator.Adapters;
using ServerlessEventing.ServiceBus;

using var stop = new CancellationTokenSource();
using var logging = LoggerFactory.Create(builder => builder
    .AddSimpleConsole(console =>
    {
        console.SingleLine = true;
        console.TimestampFormat = "yyyy-MM-ddTHH:mm:ssZ ";
        console.UseUtcTimestamp = true;
    })
    .SetMinimumLevel(LogLevel.Information));

Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
AppDomain.CurrentDomain.ProcessExit += (_, _) => stop.Cancel();

if (args is ["adapter", "apiserver"])
{
    return await ApiServerAdapter.RunAsync(Environment.GetEnvironmentVariable, logging, stop.Token);
}

if (ServiceBusConnectionSetting.FromEnvironment() is not { } connection)
{
    Console.Error.WriteLine($"No Service Bus: {ServiceBusConnectionSetting.Expected}.");
    return 2;
}

await OperatorApplication.RunAsync(
    new OperatorOptions
    {
        KubeconfigPath = Setting("KUBECONFIG"),
        ServiceBusConnection = connection,
        ServiceBusManagementConnection = Setting("ServiceBusManagementConnection"),
        RoutingHost = Setting("EVENTING_ROUTING_HOST") ?? "*",
        RoutingPort = int.TryParse(Setting("EVENTING_ROUTING_PORT"), out var port) ? port : 8090,
        ClusterDomain = Setting("CLUSTER_DOMAIN") ?? "cluster.local",
        SystemNamespace = Setting("SYSTEM_NAMESPACE") ?? "serverless-eventing",
        AdapterImage = Setting("EVENTING_ADAPTER_IMAGE") ?? OperatorOptions.DefaultAdapterImage,
        LoggerFactory = logging,
    },
    stop.Token);
return 0;

static string? Setting(string name) =>
    Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
