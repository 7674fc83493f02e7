// Sequences and Parallels: kinds that are made of nothing but Channels and Subscriptions.
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Flows;

/// <summary>Makes a flow's children and fills in the status fields of its kind; its first Channel, if there.</summary>
internal delegate Task<Resource?> FlowShape(
    FlowChildren children, Reconcile work, CancellationToken cancellationToken);

/// <summary>What every flow has in common; its <see cref="FlowShape"/> says which children it has.</summary>
internal sealed class FlowReconciler(ResourceType type, FlowShape shape, ReconcilerParts parts) : IObjectReconciler
{
    public ResourceType Type => type;

    public ConditionSet? Conditions { get; } = new(
        "ChannelsReady", "SubscriptionsReady", "Addressable", "EventPoliciesReady");

    public bool HasFinalizer => false;

    public bool IsOurs(Resource resource) => true;

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var children = new FlowChildren(parts, type, work);
        return children.ChannelType is null
            ? children.RefuseTemplate()
            : await children.FinishAsync(await shape(children, work, cancellationToken), cancellationToken);
    }

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    /// <summary>Its children go by their owner references.</summary>
    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken) => Task.CompletedTask;
}
