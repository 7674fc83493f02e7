// A SinkBinding puts its sink into the containers of its subjects.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>SinkBindings.</summary>
/// <remarks>
/// <code>
///   made, changed   1 sink resolved   2 subjects found   3 what it bound and means no more is unbound
///                   4 env of every container of every subject, an annotation names the binding
///   a subject made or changed: once more        deleted: everything it bound is unbound, then it goes
/// </code>
/// Where Knative changes objects as they are admitted, this changes them right after: the first pods of a new
/// Deployment may start without a sink and are replaced. A sink that does not resolve leaves everything as it is.
/// </remarks>
public sealed class SinkBindingReconciler : IObjectReconciler
{
    private static readonly TimeSpan LookForSubject = TimeSpan.FromSeconds(2);

    private readonly ReconcilerParts parts;

    public SinkBindingReconciler(ReconcilerParts parts)
    {
        this.parts = parts;
        parts.Subjects.Changed += change => WakeBindingsOf(change.Type.GroupKind, change.Either.Namespace);
    }

    public ResourceType Type => ResourceTypes.SinkBinding;

    public ConditionSet? Conditions { get; } = new(
        "SinkProvided", "SinkBindingAvailable", "OIDCIdentityCreated", "OIDCTokenSecretCreated",
        "TrustBundlePropagated");

    public bool HasFinalizer => true;

    public bool IsOurs(Resource resource) => true;

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        var binding = work.Object;
        foreach (var type in new[] { "OIDCIdentityCreated", "OIDCTokenSecretCreated" })
        {
            work.Conditions.MarkTrue(type, "FeatureDisabled", "OIDC authentication is not switched on.");
        }

        work.Conditions.MarkTrue("TrustBundlePropagated", "FeatureDisabled", "No trust bundles are propagated.");

        // :: 1
        var overrides = CeOverrides.Read(binding, out var problem);
        var sink = SourceSinks.Resolve(work, parts);
        var subjects = BindingSubjects.Of(binding, parts);
        if (sink is null || problem is not null)
        {
            work.Conditions.MarkFalse("SinkBindingAvailable", problem is null ? "NoSink" : "CeOverridesInvalid",
                problem ?? "Waiting for the sink to resolve");
            return ReconcileResult.Again(TimeSpan.FromSeconds(30));
        }

        // :: 3
        if (subjects.Type is not null)
        {
            await UnbindAsync(binding, subjects.Found, cancellationToken);
        }

        if (subjects.Reason is { } reason)
        {
            work.Conditions.MarkFalse("SinkBindingAvailable", reason, subjects.Message!);
            return ReconcileResult.Again(LookForSubject);
        }

        // :: 4
        foreach (var subject in subjects.Found)
        {
            if (await BindAsync(binding, subjects.Type!, subject, sink, overrides, cancellationToken) is { } refused)
            {
                work.Conditions.MarkFalse("SinkBindingAvailable", refused.Reason, refused.Message);
                return ReconcileResult.Again(LookForSubject);
            }
        }

        work.Conditions.MarkTrue("SinkBindingAvailable");
        return ReconcileResult.Done;
    }

    public async Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken)
    {
        // After a restart the kind may not be watched yet; nothing is let go before it was looked at.
        var subject = resource.Spec.At("subject");
        if (subject.NonEmpty("apiVersion") is { } version && subject.NonEmpty("kind") is { } kind
            && parts.Subjects.Find(version, kind) is not { HasSynced: true }
            && await IsServedAsync(version, kind, cancellationToken))
        {
            return ReconcileResult.Again(TimeSpan.FromMilliseconds(200));
        }

        return await UnbindAsync(resource, [], cancellationToken)
            ? ReconcileResult.Done
            : ReconcileResult.Again(LookForSubject);
    }

    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<(string Reason, string Message)?> BindAsync(
        Resource binding, ResourceType type, Resource subject, Destination sink,
        IReadOnlyDictionary<string, string> overrides, CancellationToken cancellationToken)
    {
        if (!SinkInjection.IsPodSpecable(subject))
        {
            return ("SubjectNotPodSpecable", $"{type.Kind} {subject.Key} has no spec.template.spec.containers");
        }

        if (subject.Annotation(BindingSubjects.Annotation) is { } other && other != binding.Name
            && parts.Informers[Type].Get(new ResourceKey(binding.Namespace, other)) is not null)
        {
            return ("SubjectTaken", $"{type.Kind} {subject.Key} is bound by SinkBinding {other} already");
        }

        return await WriteAsync(type, subject, binding.Name, sink, overrides, cancellationToken);
    }

    // Whether all that is to be unbound is.
    private async Task<bool> UnbindAsync(
        Resource binding, IReadOnlyList<Resource> except, CancellationToken cancellationToken)
    {
        var keep = except.Select(item => item.Uid).ToHashSet();
        var done = true;
        foreach (var (type, item) in BindingSubjects.BoundBy(binding, parts))
        {
            if (keep.Contains(item.Uid))
            {
                continue;
            }

            done &= await WriteAsync(
                type, item, null, null, new Dictionary<string, string>(), cancellationToken) is null;
        }

        return done;
    }

    // Only what differs is written, on the very version that was read.
    private async Task<(string Reason, string Message)?> WriteAsync(
        ResourceType type, Resource subject, string? binding, Destination? sink,
        IReadOnlyDictionary<string, string> overrides, CancellationToken cancellationToken)
    {
        var podSpec = SinkInjection.PodSpec(subject);
        var wanted = SinkInjection.Apply(podSpec, sink, overrides);
        if (subject.Annotation(BindingSubjects.Annotation) == binding
            && wanted.All(list => JsonNode.DeepEquals(podSpec.At(list.Key), list.Value)))
        {
            return null;
        }

        var answer = await parts.Client.PatchAsync(
            type,
            subject.Key,
            new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["resourceVersion"] = subject.Version,
                    ["annotations"] = new JsonObject { [BindingSubjects.Annotation] = binding },
                },
                ["spec"] = SinkInjection.PatchOf(subject, wanted),
            },
            cancellationToken);
        return answer.IsSuccess || answer.IsMissing ? null
            : answer.IsConflict ? ("SubjectChanging", $"{type.Kind} {subject.Key} has just been changed")
            : ("SubjectRefused", $"{type.Kind} {subject.Key}: {answer.Message}");
    }

    private async Task<bool> IsServedAsync(string apiVersion, string kind, CancellationToken cancellationToken)
    {
        var answer = await parts.Client.GetAsync(
            apiVersion.Contains('/') ? $"apis/{apiVersion}" : $"api/{apiVersion}", cancellationToken);
        return answer.Body.Items("resources").Any(item => item.Text("kind") == kind);
    }

    private void WakeBindingsOf(GroupKind kind, string @namespace)
    {
        foreach (var binding in parts.Informers[Type].All.Where(item => item.Namespace == @namespace
            && GroupKind.Of(item.Spec.Text("subject", "apiVersion") ?? "", item.Spec.Text("subject", "kind") ?? "")
                == kind))
        {
            parts.Wake(parts.RefOf(Type, binding));
        }
    }
}
