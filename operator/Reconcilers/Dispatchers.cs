// Keeps the deployments that dispatch, and takes them away when nothing is dispatched by them any more.
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Dispatching;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>
/// A deployment is wanted for as long as an egress of the table names its group, also one that is only being emptied.
/// Whether its pods run is shown, and never counts for Ready: with KEDA none run while nothing waits.
/// </summary>
internal sealed class Dispatchers(ReconcilerParts parts, ResourceType ownerType)
{
    public const string Condition = "DispatcherAvailable";

    private static readonly TimeSpan LookForKeda = TimeSpan.FromMinutes(1);

    /// <summary>The deployment of a filter, and the ScaledObject that sizes it where KEDA is installed.</summary>
    public async Task<ReconcileResult> EnsureFilterAsync(
        Reconcile work, Dispatcher filter, string condition, CancellationToken cancellationToken)
    {
        var size = DispatchSize.Of(work.Object);
        var hasKeda = parts.Informers[ResourceTypes.ScaledObject].IsServed;
        if (size.Problem is { } problem)
        {
            work.Conditions.MarkFalse(condition, "DispatchInvalid", problem);
            return ReconcileResult.Done;
        }

        var isThere = await EnsureAsync(
            work, filter, hasKeda ? null : Math.Max(1, size.Min), condition, cancellationToken);
        var egresses = parts.Routing.EgressesOf(filter.Group);
        if (!isThere || !hasKeda)
        {
            return ReconcileResult.Again(LookForKeda);
        }

        if (egresses.Count == 0)
        {
            // KEDA takes no ScaledObject without triggers.
            await parts.Children.RemoveAsync(work.Object, ResourceTypes.ScaledObject, filter.Name, cancellationToken);
            return ReconcileResult.Done;
        }

        var scaled = await parts.Children.EnsureAsync(
            ownerType,
            work.Object,
            ResourceTypes.ScaledObject,
            filter.ScaledObject(parts.Dispatch, size, egresses),
            cancellationToken);
        if (scaled.Reason is { } reason)
        {
            work.Conditions.MarkFalse(condition, reason, scaled.Message!);
        }

        return ReconcileResult.Done;
    }

    /// <summary>The deployment that takes a Broker's events in.</summary>
    public Task EnsureIngressAsync(
        Reconcile work, Dispatcher ingress, string condition, CancellationToken cancellationToken) =>
        EnsureAsync(work, ingress, replicas: 1, condition, cancellationToken);

    /// <summary>Takes a deployment away, but not before the last egress that names it.</summary>
    public async Task<ReconcileResult> RemoveAsync(
        Resource owner, string name, CancellationToken cancellationToken)
    {
        var key = new ResourceKey(owner.Namespace, name);
        if (parts.Informers[ResourceTypes.Deployment].Get(key) is null)
        {
            return ReconcileResult.Done;
        }

        if (parts.Routing.EgressesOf(Dispatch.GroupOf(owner.Namespace, name)).Count > 0)
        {
            return ReconcileResult.Again(TimeSpan.FromSeconds(2));
        }

        await parts.Children.RemoveAsync(owner, ResourceTypes.ScaledObject, name, cancellationToken);
        await parts.Children.RemoveAsync(owner, ResourceTypes.Deployment, name, cancellationToken);
        return ReconcileResult.Done;
    }

    private async Task<bool> EnsureAsync(
        Reconcile work, Dispatcher dispatcher, int? replicas, string condition, CancellationToken cancellationToken)
    {
        var outcome = await parts.Children.EnsureAsync(
            ownerType,
            work.Object,
            ResourceTypes.Deployment,
            dispatcher.Deployment(parts.Dispatch, replicas),
            cancellationToken);
        if (outcome.Child is not { } deployment)
        {
            work.Conditions.MarkFalse(condition, outcome.Reason!, outcome.Message!);
            return false;
        }

        work.RefersTo(new ObjectRef(ResourceTypes.Deployment.GroupKind, deployment.Key));
        var available = deployment.Condition("Available");
        if (available.Text("status") == "True")
        {
            work.Conditions.MarkTrue(Condition);
        }
        else
        {
            work.Conditions.MarkUnknown(Condition, available.NonEmpty("reason") ?? "NotAvailable",
                available.NonEmpty("message") ?? $"No pod of Deployment {deployment.Key} is available");
        }

        return true;
    }
}
