// Runs the reconciler of one kind: workers, finalizer, status, events, retries.
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Telemetry;

namespace ServerlessEventing.Operator.Controllers;

/// <summary>What all controllers share.</summary>
public sealed record ControllerParts(
    ClusterClient Client,
    InformerSet Informers,
    StatusWriter Statuses,
    Finalizers Finalizers,
    EventRecorder Events,
    Tracker Tracker,
    OperatorMetrics Metrics,
    TimeProvider Time,
    ILogger Logger);

/// <summary>The loop around one reconciler.</summary>
/// <remarks>
/// <code>
///   key ─► 1 read the object from the informer ── gone / not ours ─► Forget
///          2 being deleted? finalize, then let it go
///          3 finalizer on, before anything is made outside
///          4 reconcile: conditions and status fields
///          5 write the status if it differs, record what turned, note the references
///          6 done │ again later │ retry, further apart each time
/// </code>
/// </remarks>
public sealed partial class ObjectController(IObjectReconciler reconciler, ControllerParts parts, int workers)
    : IDisposable
{
    private static readonly TimeSpan ReconcileTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan NotServedPause = TimeSpan.FromSeconds(10);
    private readonly WorkQueue _queue = new(reconciler.Type.FullName, parts.Time, parts.Metrics);
    private volatile Pass? _pass;

    public ResourceType Type => reconciler.Type;

    public QueueState State => _queue.State with { Workers = workers };

    public void Enqueue(ResourceKey key) => _queue.Add(key);

    /// <summary>Has every object there is reconciled; ends when each was.</summary>
    public Task PassAsync()
    {
        var pass = new Pass(parts.Informers[Type].All.Select(resource => resource.Key));
        _pass = pass;
        foreach (var resource in parts.Informers[Type].All)
        {
            _queue.Add(resource.Key);
        }

        return pass.Done;
    }

    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(_ => WorkAsync(cancellationToken)));

    public void Dispose() => _queue.Dispose();

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            ResourceKey key;
            try
            {
                key = await _queue.TakeAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            parts.Metrics.Working(Type.FullName, 1);
            var began = parts.Time.GetTimestamp();
            var pass = _pass;
            var result = await GuardedAsync(key, cancellationToken);
            parts.Metrics.Working(Type.FullName, -1);
            parts.Metrics.Reconciled(Type.FullName, Word(result), parts.Time.GetElapsedTime(began));
            if (result.Failure is { } failure)
            {
                Log.Retrying(parts.Logger, Type.Kind, key, failure);
                _queue.Retry(key);
            }
            else
            {
                _queue.Forget(key);
                if (result.After is { } after)
                {
                    _queue.AddAfter(key, after);
                }
            }

            pass?.Been(key);
            _queue.Done(key);
        }
    }

    private static string Word(ReconcileResult result) =>
        result.Failure is not null ? "error" : result.After is not null ? "requeue_after" : "success";

    // No failure of one object may take the loop down with it.
    private async Task<ReconcileResult> GuardedAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = parts.Time.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(),
            limit,
            ReconcileTimeout,
            Timeout.InfiniteTimeSpan);
        try
        {
            return await OneAsync(key, limit.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ReconcileResult.Done;
        }
        catch (OperationCanceledException)
        {
            parts.Metrics.TimedOut(Type.FullName);
            return ReconcileResult.Failed($"not done within {ReconcileTimeout.TotalSeconds:0} s");
        }
        catch (HttpRequestException error)
        {
            return ReconcileResult.Failed(error.Message);
        }
        catch (Exception error)
        {
            parts.Metrics.Panicked(Type.FullName);
            Log.Broken(parts.Logger, error, Type.Kind, key);
            return ReconcileResult.Failed(error.Message);
        }
    }

    private async Task<ReconcileResult> OneAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        var self = new ObjectRef(Type.GroupKind, key);
        var resource = parts.Informers[Type].Get(key);
        if (resource is null && !parts.Informers[Type].IsServed)
        {
            // A kind that is not served says nothing about its objects: they may be there again with it.
            return ReconcileResult.Again(NotServedPause);
        }

        if (resource is null || !reconciler.IsOurs(resource))
        {
            parts.Tracker.Set(self, []);
            await reconciler.ForgetAsync(key, cancellationToken);
            return ReconcileResult.Done;
        }

        if (resource.IsDeleting)
        {
            parts.Tracker.Set(self, []);
            return await FinalizeAsync(resource, cancellationToken);
        }

        if (reconciler.HasFinalizer && !resource.HasFinalizer(Type.Finalizer))
        {
            var marked = await parts.Finalizers.AddAsync(Type, resource, cancellationToken);
            if (marked is null || marked.IsDeleting)
            {
                return ReconcileResult.Done;
            }

            resource = marked;
        }

        var conditions = new Conditions(
            reconciler.Conditions ?? new ConditionSet(), resource.Status, parts.Time.GetUtcNow());
        var work = new Reconcile(resource, conditions);
        var result = await reconciler.ReconcileAsync(work, cancellationToken);
        parts.Tracker.Set(self, work.References);
        if (reconciler.Conditions is not null)
        {
            await parts.Statuses.WriteAsync(Type, resource, work.ToStatus(), cancellationToken);
            Announce(resource, conditions);
            foreach (var (reason, message) in work.Announcements)
            {
                parts.Events.Warning(Type, resource, reason, message);
            }
        }

        return result;
    }

    private async Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken)
    {
        if (!reconciler.HasFinalizer || !resource.HasFinalizer(Type.Finalizer))
        {
            return ReconcileResult.Done;
        }

        var result = await reconciler.FinalizeAsync(resource, cancellationToken);
        if (result != ReconcileResult.Done)
        {
            return result;
        }

        await parts.Finalizers.RemoveAsync(Type, resource, cancellationToken);
        parts.Statuses.Forget(resource.Uid);
        return ReconcileResult.Done;
    }

    private void Announce(Resource before, Conditions now)
    {
        var ready = now[ConditionSet.Ready]!;
        var old = before.Condition(ConditionSet.Ready);
        var turned = old.Text("status") != ready.Status.ToString();
        if (ready.Status == ConditionStatus.True && turned)
        {
            Log.Ready(parts.Logger, Type.Kind, before.Key);
            parts.Events.Normal(Type, before, $"{Type.Kind}Ready", $"{Type.Kind} {before.Name} is ready");
        }
        else if (ready.Status == ConditionStatus.False && (turned || old.Text("reason") != ready.Reason))
        {
            Log.NotReady(parts.Logger, Type.Kind, before.Key, ready.Reason, ready.Message);
            parts.Events.Warning(Type, before, ready.Reason ?? "NotReady", ready.Message ?? "Not ready");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Kind} {Key} is ready")]
        public static partial void Ready(ILogger logger, string kind, ResourceKey key);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} {Key} is not ready: {Reason}: {Why}")]
        public static partial void NotReady(ILogger logger, string kind, ResourceKey key, string? reason, string? why);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Kind} {Key} will be tried again: {Why}")]
        public static partial void Retrying(ILogger logger, string kind, ResourceKey key, string why);

        [LoggerMessage(Level = LogLevel.Error, Message = "Reconciling {Kind} {Key} broke")]
        public static partial void Broken(ILogger logger, Exception error, string kind, ResourceKey key);
    }
}
