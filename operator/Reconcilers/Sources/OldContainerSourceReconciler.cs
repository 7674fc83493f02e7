// v0.7's ContainerSource: a Deployment whose containers get SINK and --sink.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>
/// ContainerSources of <c>sources.eventing.knative.dev/v1alpha1</c>: <c>spec.template</c>, or the older <c>image</c>,
/// <c>args</c>, <c>env</c> and <c>serviceAccountName</c>. A container that names a sink itself keeps its own.
/// </summary>
public sealed class OldContainerSourceReconciler(ReconcilerParts parts) : IObjectReconciler
{
    private const string SourceLabel = "eventing.knative.dev/source";
    private const string Variable = "SINK";
    private const string Argument = "--sink";

    public ResourceType Type => ResourceTypes.OldContainerSource;

    public ConditionSet? Conditions { get; } = new("SinkProvided", "Deployed");

    public bool HasFinalizer => false;

    public bool IsOurs(Resource resource) => true;

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var sink = SourceSinks.Resolve(work, parts);
        if (PodSpec(work.Object) is not { } podSpec)
        {
            work.Conditions.MarkFalse("Deployed", "TemplateInvalid",
                "spec.template.spec.containers or spec.image must name a container");
            return ReconcileResult.Done;
        }

        if (sink is null)
        {
            work.Conditions.MarkUnknown("Deployed", "SinkMissing", "Waiting for the sink to resolve");
            return ReconcileResult.Again(TimeSpan.FromSeconds(30));
        }

        foreach (var container in podSpec.Items("containers").OfType<JsonObject>())
        {
            Inject(container, sink.Uri);
        }

        var labels = new JsonObject { [SourceLabel] = work.Object.Name };
        var metadata = work.Object.Spec.Object("template", "metadata")?.DeepClone() as JsonObject ?? [];
        var podLabels = metadata["labels"] as JsonObject ?? [];
        podLabels[SourceLabel] = work.Object.Name;
        metadata["labels"] = podLabels;
        var name = $"containersource-{work.Object.Name}-{work.Object.Uid[..5]}";
        await SourceDeployments.EnsureAsync(
            work, parts, Type, SourceDeployments.Of(name, labels, metadata, podSpec), "Deployed", cancellationToken);
        return ReconcileResult.Done;
    }

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken) => Task.CompletedTask;

    private static JsonObject? PodSpec(Resource source)
    {
        if (SinkInjection.IsPodSpecable(source))
        {
            return (JsonObject)source.Spec.Object("template", "spec")!.DeepClone();
        }

        if (source.Spec.NonEmpty("image") is not { } image)
        {
            return null;
        }

        var container = new JsonObject
        {
            ["name"] = "source",
            ["image"] = image,
            ["imagePullPolicy"] = "Always",
        };
        foreach (var field in new[] { "args", "env" })
        {
            if (source.Spec.At(field) is { } value)
            {
                container[field] = value.DeepClone();
            }
        }

        var spec = new JsonObject { ["containers"] = new JsonArray(container) };
        if (source.Spec.NonEmpty("serviceAccountName") is { } account)
        {
            spec["serviceAccountName"] = account;
        }

        return spec;
    }

    private static void Inject(JsonObject container, string sink)
    {
        var args = container["args"] as JsonArray ?? [];
        if (!args.Any(arg => arg.Text() is { } text
            && (text == Argument || text.StartsWith($"{Argument}=", StringComparison.Ordinal))))
        {
            args.Add((JsonNode)$"{Argument}={sink}");
        }

        var env = container["env"] as JsonArray ?? [];
        if (!env.Any(item => item.Text("name") == Variable))
        {
            env.Add((JsonNode)new JsonObject { ["name"] = Variable, ["value"] = sink });
        }

        container["args"] ??= args;
        container["env"] ??= env;
    }
}
