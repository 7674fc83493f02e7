// Which objects a SinkBinding means, and which still bear what it put into them.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>What was found, or why nothing can be: <paramref name="Reason"/> and <paramref name="Message"/>.</summary>
internal sealed record BindingSubjects(
    ResourceType? Type, IReadOnlyList<Resource> Found, string? Reason = null, string? Message = null)
{
    /// <summary>On a bound object: the name of its SinkBinding.</summary>
    public const string Annotation = "eventing.azure.dev/sink-binding";

    private const string Exclude = "bindings.knative.dev/exclude";

    /// <summary>Looks up <c>spec.subject</c>, by name or by selector, in the binding's own namespace.</summary>
    public static BindingSubjects Of(Resource binding, ReconcilerParts parts)
    {
        var subject = binding.Spec.At("subject");
        if (subject.NonEmpty("apiVersion") is not { } apiVersion || subject.NonEmpty("kind") is not { } kind)
        {
            return None("SubjectInvalid", "spec.subject needs apiVersion and kind");
        }

        if (subject.NonEmpty("namespace") is { } other && other != binding.Namespace)
        {
            return None("SubjectInvalid",
                $"spec.subject.namespace is '{other}': a SinkBinding binds only in its own namespace");
        }

        if (parts.Subjects.Find(apiVersion, kind) is not { HasSynced: true } informer)
        {
            return None("SubjectKindUnknown", $"The cluster does not show {kind} of {apiVersion} (yet)");
        }

        var name = subject.NonEmpty("name");
        var selector = subject.Object("selector");
        if ((name is null) == (selector is null))
        {
            return None("SubjectInvalid", "spec.subject needs either a name or a selector");
        }

        var found = informer.All.Where(item => item.Namespace == binding.Namespace && !item.IsDeleting
            && (name is null ? Selects(selector!, item) : item.Name == name)
            && !IsExcluded(item, parts)).ToList();
        return name is not null && found.Count == 0
            ? new BindingSubjects(
                informer.Type, [], "SubjectMissing", $"{kind} {binding.Namespace}/{name} does not exist")
            : new BindingSubjects(informer.Type, found);
    }

    /// <summary>Everything of any watched kind that this binding was the last to bind.</summary>
    public static IReadOnlyList<(ResourceType Type, Resource Resource)> BoundBy(
        Resource binding, ReconcilerParts parts) =>
    [
        .. from informer in parts.Subjects.All
           from item in informer.All
           where item.Namespace == binding.Namespace && item.Annotation(Annotation) == binding.Name
           select (informer.Type, item),
    ];

    private static BindingSubjects None(string reason, string message) => new(null, [], reason, message);

    private static bool IsExcluded(Resource item, ReconcilerParts parts) =>
        item.Label(Exclude) == "true"
        || parts.Informers[ResourceTypes.Namespace].Get(new ResourceKey("", item.Namespace))?.Label(Exclude) == "true";

    private static bool Selects(JsonObject selector, Resource item) =>
        selector.Map("matchLabels").All(pair => item.Label(pair.Key) == pair.Value)
        && selector.Items("matchExpressions").All(expression => Holds(expression, item));

    private static bool Holds(JsonNode expression, Resource item)
    {
        var label = item.Label(expression.Text("key") ?? "");
        var isIn = label is not null && expression.Items("values").Any(value => value.Text() == label);
        return expression.Text("operator") switch
        {
            "In" => isIn,
            "NotIn" => !isIn,
            "Exists" => label is not null,
            "DoesNotExist" => label is null,
            _ => false,
        };
    }
}
