// Runs the tests, or, by its first argument, one of the processes that the tests start.
using ServerlessEventing.Local.FunctionsHost.Tests.Processes;

return args switch
{
    ["handler", .. var rest] => await SampleHandler.RunAsync(rest),
    ["host", var root] => await SampleHost.RunAsync(root),
    _ => await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args),
};
