// Runs the official JavaScript SDK's suite, tests/js-servicebus, against the emulator.
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests;

public sealed class JavaScriptSdkTests(ITestOutputHelper output)
{
    private const string Passes = "It is marked todo, or was skipped, but passes: make it a test.";

    [Fact]
    public async Task JavaScriptSdk_EachOfItsTests_Passes()
    {
        var project = new NodeProject("js-servicebus");
        await project.Install();
        using var folder = new TempFolder();
        await using var emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = folder.Path }, CancellationToken.None);

        var tests = await project.Test(new Dictionary<string, string>
        {
            ["SERVICEBUS_CONNECTION"] = emulator.ConnectionString,
            ["SERVICEBUS_ADMINISTRATION_CONNECTION"] = emulator.ManagementConnectionString,
        });

        foreach (var test in tests)
        {
            var outcome = test.Todo ? "todo" : test.Passed ? "ok" : "FAILED";
            output.WriteLine($"{outcome,-6} {test.Milliseconds,6} ms  {test.Name}");
        }

        var failures = tests.Where(test => test.Todo == test.Passed || test.Skipped).ToList();
        Assert.True(failures.Count == 0, $"{failures.Count} of {tests.Count} JavaScript tests failed:\n"
            + string.Join('\n', failures.Select(test => $"\n── {test.Name}\n{test.Error ?? Passes}")));
    }
}
