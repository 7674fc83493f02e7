// The `eventing` command: the local house, its parts, and the tools around them.
using System.CommandLine;
using ServerlessEventing.Cli.Commands;

var root = new RootCommand("Serverless Eventing: Knative's Brokers and Triggers on Azure Functions and Service Bus.")
{
    UpCommand.Create(),
    DemoCommand.Create(),
    SendCommand.Create(),
    FilterCommand.Create(),
    CronCommand.Create(),
    DeadLettersCommand.Create(),
    DetachCommand.Create(),
    DoctorCommand.Create(),
    EventDisplayCommand.Create(),
    HeartbeatsCommand.Create(),
    ServiceBusCommand.Create(),
    KubernetesCommand.Create(),
    OperatorCommand.Create(),
    ApiServerAdapterCommand.Create(),
    FunctionsCommand.Create(),
};

return await CommandRunner.RunAsync(root, args);
