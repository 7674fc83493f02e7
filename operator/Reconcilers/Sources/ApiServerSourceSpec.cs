// An ApiServerSource as users write it, today's and v0.7's, checked.
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>What to watch, and how to tell of it.</summary>
internal sealed record ApiServerSourceSpec(
    IReadOnlyList<(string ApiVersion, string Kind, string Selector, bool Controller)> Resources,
    bool SendsObjects,
    string ServiceAccount,
    JsonObject? NamespaceSelector)
{
    /// <summary>Reads the spec; else <paramref name="problem"/> names the field and what it must be.</summary>
    public static ApiServerSourceSpec? Read(Resource source, bool isOld, out string? problem)
    {
        problem = null;
        List<(string, string, string, bool)> resources = [];
        foreach (var item in source.Spec.Items("resources"))
        {
            var (apiVersion, kind) = (item.NonEmpty("apiVersion"), item.NonEmpty("kind"));
            var selector = LabelSelectors.ToQuery(item.At("selector"), "spec.resources[].selector", out var wrong);
            problem ??= apiVersion is null || kind is null ? "each of spec.resources needs apiVersion and kind" : wrong;
            resources.Add((apiVersion ?? "", kind ?? "", selector ?? "",
                item.At("controller")?.ToJsonString() == "true"));
        }

        // v0.7 took any mode but Resource for Ref.
        var mode = source.Spec.NonEmpty("mode") ?? "Reference";
        problem ??= resources.Count == 0
            ? "spec.resources is empty: say what to watch, like {apiVersion: v1, kind: Pod}"
            : !isOld && mode is not ("Reference" or "Resource")
                ? $"spec.mode is '{mode}'; it must be Reference or Resource"
            : null;
        var namespaces = isOld ? null : source.Spec.Object("namespaceSelector");
        _ = LabelSelectors.ToQuery(namespaces, "spec.namespaceSelector", out var bad);
        var filters = isOld ? null : source.Spec.At("filters") is JsonArray ? FilterReader.Read(source.Spec) : null;
        problem ??= bad ?? filters?.Message ?? FilterCompiler.Compile(filters?.Filters ?? []).Error;
        _ = CeOverrides.Read(source, out bad);
        problem ??= bad;
        return problem is not null ? null : new ApiServerSourceSpec(
            resources, mode == "Resource", source.Spec.NonEmpty("serviceAccountName") ?? "default", namespaces);
    }
}
