// Says whether what an EventType belongs to exists.
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.EventTypes;

/// <summary>
/// EventTypes of every version: a reference to any kind (v1beta2 on), or the name of a Broker (before). They describe
/// events and change nothing on the bus.
/// </summary>
public sealed class EventTypeReconciler(ReconcilerParts parts) : IObjectReconciler
{
    private const string Exists = "ReferenceExists";

    public ResourceType Type => ResourceTypes.EventType;

    public ConditionSet? Conditions { get; } = new(Exists);

    public bool HasFinalizer => false;

    public bool IsOurs(Resource resource) => true;

    public Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var eventType = work.Object;
        var reference = eventType.Spec.Object("reference");
        if (reference.NonEmpty("kind") is { } kind && reference.NonEmpty("name") is { } name
            && reference.NonEmpty("apiVersion") is { } apiVersion)
        {
            Look(work, apiVersion, kind, new ResourceKey(
                reference.NonEmpty("namespace") ?? eventType.Namespace, name));
        }
        else if (eventType.Spec.NonEmpty("broker") is { } broker)
        {
            Look(work, ResourceTypes.Broker.ApiVersion, ResourceTypes.Broker.Kind,
                new ResourceKey(eventType.Namespace, broker));
            ShowBroker(work, broker);
        }
        else
        {
            work.Conditions.MarkTrue(Exists, "ReferenceNotSet", "The EventType belongs to nothing in particular.");
        }

        return Task.FromResult(work.Conditions.IsReady
            ? ReconcileResult.Done
            : ReconcileResult.Again(TimeSpan.FromSeconds(30)));
    }

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken) => Task.CompletedTask;

    private void Look(Reconcile work, string apiVersion, string kind, ResourceKey key)
    {
        work.RefersTo(new ObjectRef(GroupKind.Of(apiVersion, kind), key));
        if (parts.Informers.Find(apiVersion, kind) is not { } informer)
        {
            work.Conditions.MarkFalse(Exists, "KindUnknown",
                $"The cluster does not serve {kind} of {apiVersion}; install it or correct spec.reference");
        }
        else if (informer.Get(key) is null)
        {
            work.Conditions.MarkFalse(Exists, "ResourceDoesNotExist", $"{kind} {key} does not exist");
        }
        else
        {
            work.Conditions.MarkTrue(Exists);
        }
    }

    // v0.7's two conditions, for its tools; they do not count.
    private void ShowBroker(Reconcile work, string name)
    {
        var key = new ResourceKey(work.Object.Namespace, name);
        if (parts.Informers[ResourceTypes.Broker].Get(key) is { } broker)
        {
            work.Conditions.MarkTrue("BrokerExists");
            Marks.Mirror(work.Conditions, "BrokerReady", broker, "Broker");
        }
        else
        {
            work.Conditions.MarkFalse("BrokerExists", "BrokerDoesNotExist", $"Broker {key} does not exist");
            work.Conditions.MarkUnknown("BrokerReady", "BrokerDoesNotExist", $"Broker {key} does not exist");
        }
    }
}
