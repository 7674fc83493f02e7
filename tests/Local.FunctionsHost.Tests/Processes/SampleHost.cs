// A whole functions host as a process of its own, so that a test can kill it.
namespace ServerlessEventing.Local.FunctionsHost.Tests.Processes;

/// <summary>Runs the app in a folder until it is killed.</summary>
internal static class SampleHost
{
    public static async Task<int> RunAsync(string root)
    {
        await using var host = await FunctionsHost.StartAsync(new() { AppRoot = root });
        await host.Ready;
        await new TaskCompletionSource().Task;
        return 0;
    }
}
