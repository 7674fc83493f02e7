// Looks at everything after every change, and again after a failure.
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ServerlessEventing.Local.Workloads.Cluster;

/// <summary>
/// Level-triggered: changes only say that there is something to look at. A swarm of them leads to one look; a lost API
/// is asked again after a pause.
/// </summary>
internal sealed partial class LevelLoop(Func<CancellationToken, Task> look, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Wake() => changes.Writer.TryWrite(true);

    /// <summary>Runs until cancelled; the first look comes with the first <see cref="Wake"/>.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await changes.Reader.ReadAsync(cancellationToken))
            {
                await Task.Delay(Gathering, time, cancellationToken);
                changes.Reader.TryRead(out _);
                await LookAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // It is being stopped.
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await look(cancellationToken);
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException)
        {
            Log.Retrying(logger, lost.Message);
            await Task.Delay(Pause, time, cancellationToken);
            Wake();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Looking again in a moment: {Reason}")]
        public static partial void Retrying(ILogger logger, string reason);
    }
}
