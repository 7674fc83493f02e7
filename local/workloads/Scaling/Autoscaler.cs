// A stand-in for KEDA and the horizontal autoscaler: Deployments get the replicas that their ScaledObjects ask for.
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Local.Workloads.Cluster;

namespace ServerlessEventing.Local.Workloads.Scaling;

/// <summary>
/// <code>
///   ScaledObjects ─watch─► every moment, each in turn: ask its triggers ─► replicas of its Deployment, its status
/// </code>
/// Followed: activation, min and max, pollingInterval, the cooldowns, the scale-down window, cached metrics. Not
/// followed: idleReplicaCount, fallback, scalingModifiers, authentication references, the paused annotations, other
/// metric types than AverageValue, and what is not a Deployment.
/// </summary>
public sealed partial class Autoscaler : IAsyncDisposable
{
    private static readonly TimeSpan LongestTick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestTick = TimeSpan.FromMilliseconds(50);

    private readonly AutoscalerOptions options;
    private readonly ApiConnection api;
    private readonly Mirror objects;
    private readonly ILogger logger;
    private readonly Dictionary<string, ScaledWorkload> workloads = [];
    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;

    private Autoscaler(AutoscalerOptions options)
    {
        this.options = options;
        logger = options.LoggerFactory.CreateLogger<Autoscaler>();
        api = new ApiConnection(options.Api);
        objects = new Mirror(
            api, "/apis/keda.sh/v1alpha1/scaledobjects", () => { }, options.TimeProvider, logger);
        running = RunAsync(stopping.Token);
    }

    /// <summary>Starts; what the API holds is followed as soon as it has been read.</summary>
    public static Autoscaler Start(AutoscalerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Speed, 1);
        return new Autoscaler(options);
    }

    /// <summary>Stops; the Deployments stay as they are.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        api.Dispose();
        stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var watching = objects.RunAsync(cancellationToken);
        var tick = LongestTick / options.Speed;
        using var ticks = new PeriodicTimer(tick < ShortestTick ? ShortestTick : tick, options.TimeProvider);
        try
        {
            while (await ticks.WaitForNextTickAsync(cancellationToken))
            {
                await LookAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // It is being stopped.
        }

        await watching;
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var present = objects.Items.Where(item => !item.IsDeleting()).ToDictionary(item => item.Uid());
        foreach (var gone in workloads.Keys.Where(uid => !present.ContainsKey(uid)).ToList())
        {
            workloads.Remove(gone);
        }

        foreach (var (uid, item) in present)
        {
            if (!workloads.TryGetValue(uid, out var workload))
            {
                workloads[uid] = workload = new ScaledWorkload(api, options);
            }

            try
            {
                await workload.StepAsync(item, cancellationToken);
            }
            catch (Exception lost) when (lost is HttpRequestException or IOException or JsonException)
            {
                Log.Retrying(logger, item.Namespace(), item.Name(), lost.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "ScaledObject {Namespace}/{Name}, again in a moment: {Reason}")]
        public static partial void Retrying(ILogger logger, string @namespace, string name, string reason);
    }
}
