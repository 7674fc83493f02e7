// Waits until a command is asked to end.
namespace ServerlessEventing.Cli.Commands;

/// <summary>Ways a long-running command is asked to end.</summary>
internal static class Stopping
{
    /// <summary>Returns when the token is cancelled (Ctrl+C, SIGTERM).</summary>
    public static async Task WaitAsync(CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(() => stopped.TrySetResult());
        await stopped.Task;
    }
}
