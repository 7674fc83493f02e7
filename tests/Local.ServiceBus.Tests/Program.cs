// The test program; asked for an emulator it is one instead, for the tests that kill it.
using ServerlessEventing.Local.ServiceBus.Tests.Crash;
using Xunit.Runner.InProc.SystemConsole;

return args is [EmulatorProcess.Verb, .. var rest]
    ? await EmulatorProcess.Serve(rest)
    : await ConsoleRunner.Run(args);
