// An ApiServerSource becomes the Deployment of a receive adapter that watches the cluster for it.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Adapters;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>ApiServerSources, today's and v0.7's.</summary>
/// <remarks>
/// <code>
///   1 sink ─► 2 spec ─► 3 namespaces ─► 4 kinds served? ─► 5 may its service account watch them?
///                                                             │ (today's)
///   7 EventTypes ◄─ 6 Deployment ◄──────────────────────────┘   Deployed: that Deployment is Available
/// </code>
/// </remarks>
public sealed class ApiServerSourceReconciler(ResourceType type, ReconcilerParts parts) : IObjectReconciler
{
    private const string Deployed = "Deployed";
    private const string Permissions = "SufficientPermissions";
    private static readonly string[] Changes = ["add", "update", "delete"];
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(30);

    // Roles are not watched.
    private static readonly TimeSpan AskPermissionSoon = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AskPermissionAgain = TimeSpan.FromMinutes(5);

    private readonly bool _old = type == ResourceTypes.OldApiServerSource;
    private readonly AccessCheck _access = new(parts.Client);

    public ResourceType Type => type;

    public ConditionSet? Conditions { get; } = type == ResourceTypes.OldApiServerSource
        ? new("SinkProvided", Deployed)
        : new("SinkProvided", Deployed, Permissions, "OIDCIdentityCreated");

    public bool HasFinalizer => false;

    public bool IsOurs(Resource resource) => true;

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        if (!_old)
        {
            work.Conditions.MarkTrue(
                "OIDCIdentityCreated", "FeatureDisabled", "OIDC authentication is not switched on.");
        }

        // 1 and 2.
        var sink = SourceSinks.Resolve(work, parts);
        if (ApiServerSourceSpec.Read(work.Object, _old, out var problem) is not { } spec)
        {
            work.Conditions.MarkFalse(Deployed, "SpecInvalid", problem!);
            return ReconcileResult.Done;
        }

        // 3.
        var namespaces = Namespaces(work.Object, spec);
        if (!_old)
        {
            work.Status["namespaces"] = new JsonArray(
                [.. (namespaces.Count == 0 ? [""] : namespaces).Select(name => JsonValue.Create(name))]);
        }

        // 4 and 5.
        if (await RefusalAsync(work, spec, namespaces, cancellationToken) is { } refused)
        {
            return refused;
        }

        if (sink is null)
        {
            work.Conditions.MarkUnknown(Deployed, "SinkMissing", "Waiting for the sink to resolve");
            return ReconcileResult.Again(LookAgain);
        }

        // 6.
        ShowEvents(work, spec);
        var outcome = await parts.Children.EnsureAsync(
            type,
            work.Object,
            ResourceTypes.Deployment,
            AdapterDeployment.Json(work.Object, spec, _old, sink.Uri, namespaces, parts.AdapterImage),
            cancellationToken);
        if (outcome.Child is not { } deployment)
        {
            work.Conditions.MarkFalse(Deployed, outcome.Reason!, outcome.Message!);
            return ReconcileResult.Again(LookAgain);
        }

        MarkDeployed(work.Conditions, deployment);

        // 7.
        List<(string, string)> events = [.. Types(spec).Select(name => (name, parts.Client.Host))];
        var types = _old
            ? await SourceEventTypes.EnsureOldAsync(
                work, parts, type, events, "EventTypesProvided", cancellationToken)
            : await SourceEventTypes.EnsureAsync(work, parts, type, events, cancellationToken);
        return types.Or(ReconcileResult.Again(AskPermissionAgain));
    }

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    // Its Deployment and EventTypes are owned, so the cluster collects them.
    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken) => Task.CompletedTask;

    private List<string> Namespaces(Resource source, ApiServerSourceSpec spec) =>
        spec.NamespaceSelector is not { } selector ? [source.Namespace]
        : SelectsAll(selector) ? []
        : [.. parts.Informers[ResourceTypes.Namespace].All
            .Where(item => !item.IsDeleting && LabelSelectors.Matches(selector, item.Json.Map("metadata", "labels")))
            .Select(item => item.Name).Order(StringComparer.Ordinal)];

    // What keeps the adapter from being started, or null.
    private async Task<ReconcileResult?> RefusalAsync(
        Reconcile work, ApiServerSourceSpec spec, List<string> namespaces, CancellationToken cancellationToken)
    {
        if (spec.NamespaceSelector is not null && namespaces.Count == 0 && !SelectsAll(spec.NamespaceSelector))
        {
            work.Conditions.MarkFalse(Deployed, "NoNamespaces", "spec.namespaceSelector selects no namespace");
            return ReconcileResult.Done;
        }

        List<ResourceType> types = [];
        foreach (var resource in spec.Resources)
        {
            var found = await Discovery.FindAsync(parts.Client, resource.ApiVersion, resource.Kind, cancellationToken);
            if (found is null)
            {
                work.Conditions.MarkFalse(Deployed, "KindUnknown",
                    $"spec.resources: the cluster does not serve {resource.Kind} of {resource.ApiVersion}");
                return ReconcileResult.Again(LookAgain);
            }

            types.Add(found);
        }

        if (_old)
        {
            return null;
        }

        if (work.Object.Annotation(AdapterDeployment.SkipPermissions) == "true")
        {
            work.Conditions.MarkTrue(Permissions, "CheckSkipped", "The adapter ends if it is not allowed to watch.");
            return null;
        }

        var user = new ResourceKey(work.Object.Namespace, spec.ServiceAccount);
        if (await _access.MissingAsync(user, types, namespaces, cancellationToken) is { } missing)
        {
            work.Conditions.MarkFalse(Permissions, "PermissionMissing", missing);
            work.Conditions.MarkUnknown(Deployed, "PermissionMissing", "Waiting for permission to watch");
            return ReconcileResult.Again(AskPermissionSoon);
        }

        work.Conditions.MarkTrue(Permissions);
        return null;
    }

    private static bool SelectsAll(JsonObject selector) =>
        selector.Map("matchLabels").Count == 0 && !selector.Items("matchExpressions").Any();

    private void ShowEvents(Reconcile work, ApiServerSourceSpec spec)
    {
        if (!_old)
        {
            work.Status["ceAttributes"] = new JsonArray([.. Types(spec).Select(name => new JsonObject
            {
                ["type"] = name,
                ["source"] = parts.Client.Host,
            })]);
        }
    }

    private static IEnumerable<string> Types(ApiServerSourceSpec spec) =>
        Changes.Select(change => ChangeEvent.TypeOf(change, spec.SendsObjects));

    private static void MarkDeployed(Conditions conditions, Resource deployment)
    {
        var available = deployment.Condition("Available");
        var message = available.NonEmpty("message") ?? $"Deployment {deployment.Key} is not available yet";
        switch (available.Text("status"))
        {
            case "True":
                conditions.MarkTrue(Deployed);
                break;
            case "False":
                conditions.MarkFalse(Deployed, available.NonEmpty("reason") ?? "DeploymentUnavailable", message);
                break;
            default:
                conditions.MarkUnknown(Deployed, "DeploymentUnavailable", message);
                break;
        }
    }
}
