// The egresses that a lost routing table must have had, as far as the cluster still tells.
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>
/// One for each object that may have one, unresolved. A table without it would tell the functions that its object is
/// gone, and they would complete what is queued for it; and an object that does not resolve now, or whose reconcile
/// fails, puts none there itself.
/// </summary>
internal static class LostEgresses
{
    public static IEnumerable<Egress> Of(IEnumerable<IObjectReconciler> reconcilers, ReconcilerParts parts) =>
        reconcilers.SelectMany(reconciler => parts.Informers[reconciler.Type].All
            .Where(reconciler.IsOurs)
            .SelectMany(resource => Of(reconciler.Type, resource, parts)));

    private static IEnumerable<Egress> Of(ResourceType type, Resource resource, ReconcilerParts parts) =>
        type == ResourceTypes.Trigger
            ? [Unresolved(EgressKind.Trigger, resource, EntityNames.TriggersLane)]
        : parts.Kinds.Subscriptions.Contains(type)
            ? SubscriptionReconciler.HasOwnEgress(resource)
                ? [Unresolved(EgressKind.Subscription, resource, EntityNames.SubscriptionsLane)]
                : []
        : ResourceTypes.CronSources.Contains(type)
            ? [Unresolved(EgressKind.Source, resource, EntityNames.SourcesLane)]
        : parts.Kinds.Channels.Contains(type)
            ? new ForeignSubscribers(parts, type).Unresolved(resource)
        : [];

    // The lane is where it is unless the object says otherwise, which is seen when it is reconciled.
    private static Egress Unresolved(EgressKind kind, Resource resource, string lane) => new()
    {
        Uid = resource.Uid,
        Kind = kind,
        Namespace = resource.Namespace,
        Name = resource.Name,
        State = EgressState.Unresolved,
        Lane = lane,
    };
}
