// Runs the operator with settings from the environment and the command line.
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator;
using ServerlessEventing.Operator.Adapters;

using var stop = new CancellationTokenSource();
using var logging = LoggerFactory.Create(builder => builder
    .AddSimpleConsole(console =>
    {
        console.SingleLine = true;
        console.TimestampFormat = "yyyy-MM-ddTHH:mm:ssZ ";
        console.UseUtcTimestamp = true;
    })
    .SetMinimumLevel(LogLevel.Information));

// Cancelled, a signal does not end the process: no write is cut short, and the lease is given back first.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

if (args is [Probe.Option, .. var addresses])
{
    return await Probe.RunAsync(addresses, stop.Token);
}

if (args is ["adapter", "apiserver"])
{
    return await ApiServerAdapter.RunAsync(Environment.GetEnvironmentVariable, logging, stop.Token);
}

var options = OperatorSettings.Read(args, Environment.GetEnvironmentVariable, logging, out var problem);
if (options is null)
{
    Console.Error.WriteLine(problem);
    return 2;
}

await OperatorApplication.RunAsync(options, stop.Token);
return 0;
