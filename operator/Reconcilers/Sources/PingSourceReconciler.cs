// A PingSource becomes a schedule and an egress in the routing table; the functions do the rest.
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>
/// PingSources. One that is edited into something wrong, or loses its sink, keeps ticking as it did before; its
/// conditions say what to mend.
/// </summary>
public sealed class PingSourceReconciler(ReconcilerParts parts) : IObjectReconciler
{
    public ResourceType Type => ResourceTypes.PingSource;

    public ConditionSet? Conditions { get; } = new("SinkProvided", "Deployed", "OIDCIdentityCreated");

    public bool HasFinalizer => false;

    public bool IsOurs(Resource resource) => true;

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        CronEntries.DropPredecessors(parts, work.Object.Key);
        work.Conditions.MarkTrue("OIDCIdentityCreated", "FeatureDisabled", "OIDC authentication is not switched on.");
        var sink = SourceSinks.Resolve(work, parts);
        var schedule = PingSourceSpec.Read(work.Object, out var problem);
        if (schedule is null)
        {
            work.Conditions.MarkFalse("Deployed", problem.Reason, problem.Message);
            return ReconcileResult.Done;
        }

        if (sink is null)
        {
            work.Conditions.MarkUnknown("Deployed", "SinkMissing", "Waiting for the sink to resolve");
            return ReconcileResult.Again(TimeSpan.FromSeconds(30));
        }

        var types = await SourceEventTypes.EnsureAsync(
            work, parts, Type, [(schedule.Type, schedule.Source)], cancellationToken);
        return CronEntries.Deploy(work, parts, Type, schedule, sink).Or(types);
    }

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        CronEntries.DropPredecessors(parts, key);
        return Task.CompletedTask;
    }
}
