// What a kind has to say about itself; everything general is done by ObjectController.
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Controllers;

/// <summary>Brings the world in line with one kind of object. Level-triggered: no memory between calls.</summary>
public interface IObjectReconciler
{
    ResourceType Type { get; }

    /// <summary>What Ready depends on; null for a kind whose status is not ours to write.</summary>
    ConditionSet? Conditions { get; }

    /// <summary>Whether objects of this kind own something outside the cluster to be deleted with them.</summary>
    bool HasFinalizer { get; }

    /// <summary>Whether the object is ours to reconcile; one that is not is never written to.</summary>
    bool IsOurs(Resource resource);

    /// <summary>Brings the world in line with the object and marks its conditions.</summary>
    Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken);

    /// <summary>Deletes what the object owns; <see cref="ReconcileResult.Done"/> lets the object go.</summary>
    Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken);

    /// <summary>The object is gone (or no longer ours), also when nobody was there to see it go.</summary>
    Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken);
}
