// Says that the two ClusterChannelProvisioners of old manifests are served.
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>
/// <c>service-bus</c> is ours; <c>in-memory</c> is accepted so that v0.7 manifests apply unchanged, and gives the same
/// durable topic. Another provisioner's objects are left alone.
/// </summary>
public sealed class ProvisionerReconciler : IObjectReconciler
{
    public const string ServiceBus = "service-bus";
    public const string InMemory = "in-memory";

    /// <summary>What <c>in-memory</c> was called before v0.5.</summary>
    private const string OldInMemory = "in-memory-channel";

    public ResourceType Type => ResourceTypes.Provisioner;

    public ConditionSet? Conditions { get; } = new();

    public bool HasFinalizer => false;

    public static bool Serves(string name) => name is ServiceBus or InMemory or OldInMemory;

    public bool IsOurs(Resource resource) => Serves(resource.Name);

    public Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken) => Task.CompletedTask;
}
