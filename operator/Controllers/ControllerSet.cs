// All controllers, and which change wakes which of them.
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Operator.Telemetry;

namespace ServerlessEventing.Operator.Controllers;

/// <summary>
/// A change of an object wakes the object itself, the owner that controls it, and everyone who refers to it.
/// </summary>
public sealed class ControllerSet : IDisposable
{
    private readonly Dictionary<GroupKind, ObjectController> _controllers;
    private readonly Tracker _tracker;
    private readonly Func<ResourceChange, IEnumerable<ObjectRef>> _others;

    /// <param name="reconcilers">One for each kind.</param>
    /// <param name="parts">What controllers share.</param>
    /// <param name="workers">Workers for each kind.</param>
    /// <param name="others">Whom a change wakes beside those every change wakes.</param>
    public ControllerSet(
        IEnumerable<IObjectReconciler> reconcilers,
        ControllerParts parts,
        int workers,
        Func<ResourceChange, IEnumerable<ObjectRef>> others)
    {
        _controllers = reconcilers.ToDictionary(
            reconciler => reconciler.Type.GroupKind,
            reconciler => new ObjectController(reconciler, parts, workers));
        _tracker = parts.Tracker;
        _others = others;
        parts.Informers.Changed += Changed;
    }

    /// <summary>Has an object reconciled; a kind that nobody reconciles is ignored.</summary>
    public void Wake(ObjectRef target)
    {
        if (_controllers.TryGetValue(target.Kind, out var controller))
        {
            controller.Enqueue(target.Key);
        }
    }

    /// <summary>Has every object there is reconciled; ends when each was.</summary>
    public Task PassAsync() => Task.WhenAll(_controllers.Values.Select(controller => controller.PassAsync()));

    /// <summary>The queue of each kind.</summary>
    public IEnumerable<QueueState> Queues() => _controllers.Values.Select(controller => controller.State);

    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_controllers.Values.Select(controller => controller.RunAsync(cancellationToken)));

    public void Dispose()
    {
        foreach (var controller in _controllers.Values)
        {
            controller.Dispose();
        }
    }

    private void Changed(ResourceChange change)
    {
        var self = new ObjectRef(change.Type.GroupKind, change.Either.Key);
        Wake(self);
        if (change.Either.Controller is { } owner)
        {
            Wake(new ObjectRef(owner.Kind, change.Either.Namespace, owner.Name));
        }

        foreach (var referrer in _tracker.ReferrersOf(self))
        {
            Wake(referrer);
        }

        foreach (var other in _others(change))
        {
            Wake(other);
        }
    }
}
