// Every kind we reconcile, and whom a change wakes beside those every change wakes.
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Reconcilers.EventTypes;
using ServerlessEventing.Operator.Reconcilers.Flows;
using ServerlessEventing.Operator.Reconcilers.Sources;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>The list of reconcilers.</summary>
internal static class ReconcilerSet
{
    public static IEnumerable<IObjectReconciler> All(ReconcilerParts parts) =>
    [
        new BrokerReconciler(parts),
        new TriggerReconciler(parts),
        .. parts.Kinds.Channels.Select(type => new ChannelReconciler(type, parts)),
        .. parts.Kinds.Subscriptions.Select(type => new SubscriptionReconciler(type, parts)),
        .. parts.Coexists ? [] : OfKnative(parts),
    ];

    // What an installed Knative has controllers of its own for.
    private static IEnumerable<IObjectReconciler> OfKnative(ReconcilerParts parts) =>
    [
        new NamespaceReconciler(parts),
        new ProvisionerReconciler(),
        new EventTypeReconciler(parts),
        new FlowReconciler(ResourceTypes.Sequence, SequenceShape.MakeAsync, parts),
        new FlowReconciler(ResourceTypes.Parallel, ParallelShape.MakeAsync, parts),
        new PingSourceReconciler(parts),
        new CronJobSourceReconciler(parts),
        .. ResourceTypes.ApiServerSources.Select(type => new ApiServerSourceReconciler(type, parts)),
        new SinkBindingReconciler(parts),
        new ContainerSourceReconciler(parts),
        new OldContainerSourceReconciler(parts),
    ];

    /// <summary>
    /// A Channel shows its subscribers, so it looks again when one of them changes; so does an ApiServerSource that
    /// selects namespaces when one of those does.
    /// </summary>
    public static IEnumerable<ObjectRef> AlsoWoken(ResourceChange change, ReconcilerParts parts) =>
        parts.Kinds.Subscriptions.Contains(change.Type)
            ? [ChannelSubscribers.ChannelOf(change.Either, change.Type)]
        : change.Type == ResourceTypes.Namespace && !parts.Coexists
            ? parts.Informers[ResourceTypes.ApiServerSource].All
                .Where(source => source.Spec.Object("namespaceSelector") is not null)
                .Select(source => new ObjectRef(ResourceTypes.ApiServerSource.GroupKind, source.Key))
        : [];
}
