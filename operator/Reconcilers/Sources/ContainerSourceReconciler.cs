// A ContainerSource becomes a Deployment of its template, and a SinkBinding that gives it the sink.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>ContainerSources of <c>sources.knative.dev/v1</c>.</summary>
/// <remarks>
/// <code>
///   1 SinkBinding &lt;name&gt;-sinkbinding: sink and ceOverrides, for
///   2 Deployment &lt;name&gt;-deployment: spec.template, with the sink in its containers from the first pod on
/// </code>
/// The Deployment comes with the first sink that resolves, and stays when that is lost.
/// </remarks>
public sealed class ContainerSourceReconciler(ReconcilerParts parts) : IObjectReconciler
{
    private const string SourceLabel = "sources.knative.dev/source";
    private const string NameLabel = "sources.knative.dev/containerSource";

    public ResourceType Type => ResourceTypes.ContainerSource;

    public ConditionSet? Conditions { get; } = new("SinkBindingReady", "ReceiveAdapterReady");

    public bool HasFinalizer => false;

    public bool IsOurs(Resource resource) => true;

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var source = work.Object;
        if (!SinkInjection.IsPodSpecable(source))
        {
            const string message = "spec.template.spec.containers needs at least one container";
            work.Conditions.MarkFalse("ReceiveAdapterReady", "TemplateInvalid", message);
            work.Conditions.MarkUnknown("SinkBindingReady", "TemplateInvalid", message);
            return ReconcileResult.Done;
        }

        // :: 1
        var binding = await parts.Children.EnsureAsync(
            Type, source, ResourceTypes.SinkBinding, Binding(source), cancellationToken);
        if (binding.Child is not { } made)
        {
            work.Conditions.MarkFalse("SinkBindingReady", binding.Reason!, binding.Message!);
            return ReconcileResult.Again(TimeSpan.FromSeconds(5));
        }

        Marks.Mirror(work.Conditions, "SinkBindingReady", made, "SinkBinding");
        var sink = parts.Resolver.Resolve(source.Spec.At("sink"), "spec.sink", source.Namespace, work.RefersTo);
        if (sink.Destination is not { } found)
        {
            work.Conditions.MarkUnknown("ReceiveAdapterReady", sink.Reason, sink.Message);
            return ReconcileResult.Again(TimeSpan.FromSeconds(30));
        }

        work.Status["sinkUri"] = found.Uri;

        // :: 2
        var overrides = CeOverrides.Read(source, out _);
        await SourceDeployments.EnsureAsync(
            work, parts, Type, Deployment(source, found, overrides), "ReceiveAdapterReady", cancellationToken);
        return ReconcileResult.Done;
    }

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken) => Task.CompletedTask;

    private static string DeploymentName(Resource source) => $"{source.Name}-deployment";

    private static JsonObject Labels(Resource source) => new()
    {
        [SourceLabel] = "container-source-controller",
        [NameLabel] = source.Name,
    };

    private static JsonObject Binding(Resource source) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = $"{source.Name}-sinkbinding" },
        ["spec"] = new JsonObject
        {
            ["sink"] = source.Spec.At("sink")?.DeepClone(),
            ["ceOverrides"] = source.Spec.At("ceOverrides")?.DeepClone(),
            ["subject"] = new JsonObject
            {
                ["apiVersion"] = ResourceTypes.Deployment.ApiVersion,
                ["kind"] = ResourceTypes.Deployment.Kind,
                ["namespace"] = source.Namespace,
                ["name"] = DeploymentName(source),
            },
        },
    };

    private static JsonObject Deployment(
        Resource source, Destination sink, IReadOnlyDictionary<string, string> overrides)
    {
        var template = source.Spec.Object("template")!;
        var podSpec = (JsonObject)template.Object("spec")!.DeepClone();
        foreach (var (name, list) in SinkInjection.Apply(podSpec, sink, overrides))
        {
            podSpec[name] = list!.DeepClone();
        }

        foreach (var (container, index) in podSpec.Items("containers").OfType<JsonObject>()
            .Select((container, index) => (container, index)))
        {
            container["name"] ??= $"{source.Name}-{index}";
        }

        var metadata = template.Object("metadata")?.DeepClone() as JsonObject ?? [];
        var labels = metadata["labels"] as JsonObject ?? [];
        foreach (var (name, value) in Labels(source))
        {
            labels[name] = value!.DeepClone();
        }

        metadata["labels"] = labels;
        return SourceDeployments.Of(DeploymentName(source), Labels(source), metadata, podSpec);
    }
}
