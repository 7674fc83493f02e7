// Gives a labelled namespace its Broker `default`.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Reconcilers.Sources;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers;

/// <summary>
/// v0.7's <c>knative-eventing-injection=enabled</c> and today's <c>eventing.knative.dev/injection=enabled</c>, or what
/// the setting <c>EVENTING_INJECTION_SELECTOR</c> selects. The
/// Broker is made when it is missing, also after someone deleted it, and never changed or deleted.
/// </summary>
public sealed class NamespaceReconciler(ReconcilerParts parts) : IObjectReconciler
{
    private const string OldLabel = "knative-eventing-injection";
    private const string Label = "eventing.knative.dev/injection";

    public ResourceType Type => ResourceTypes.Namespace;

    public ConditionSet? Conditions => null;

    public bool HasFinalizer => false;

    public bool IsOurs(Resource resource) =>
        resource.Label(OldLabel) == "enabled" || resource.Label(Label) == "enabled"
        || (parts.InjectionSelector is { } selector
            && LabelSelectors.Matches(selector, resource.Json.Map("metadata", "labels")));

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var key = new ResourceKey(work.Object.Name, BrokerNames.DefaultBroker);
        work.RefersTo(new ObjectRef(ResourceTypes.Broker.GroupKind, key));
        if (parts.Informers[ResourceTypes.Broker].Get(key) is not null)
        {
            return ReconcileResult.Done;
        }

        var answer = await parts.Client.CreateAsync(
            ResourceTypes.Broker,
            new JsonObject
            {
                ["apiVersion"] = ResourceTypes.Broker.ApiVersion,
                ["kind"] = ResourceTypes.Broker.Kind,
                ["metadata"] = new JsonObject
                {
                    ["name"] = key.Name,
                    ["namespace"] = key.Namespace,
                    ["labels"] = new JsonObject
                    {
                        ["eventing.knative.dev/namespaceInjected"] = "true",
                        ["eventing.knative.dev/injected"] = "true",
                    },
                    ["annotations"] = new JsonObject { [BrokerClass.Annotation] = BrokerClass.Ours },
                },
                ["spec"] = new JsonObject(),
            },
            cancellationToken);
        return answer.IsSuccess || answer.IsConflict
            ? ReconcileResult.Done
            : ReconcileResult.Failed($"Broker {key}: {answer.Message}");
    }

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken) => Task.CompletedTask;
}
