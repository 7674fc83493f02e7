// The test runner's entry, and the program the tests run as a container when told so.
using ServerlessEventing.Local.Workloads.Tests;
using Xunit.Runner.InProc.SystemConsole;

return args is [Container.Verb, .. var rest] ? await Container.RunAsync(rest) : await ConsoleRunner.Run(args);
