// The test program; asked for an emulator it is one instead, for the tests that kill it.
using ServerlessEventing.Local.ServiceBus.Tests.Crash;
using Xunit.Runner.InProc.SystemConsole;

return args is [EmulatorProcess.Verb, var folder, var port, var managementPort]
    ? await EmulatorProcess.Serve(folder, port, managementPort)
    : await ConsoleRunner.Run(args);
