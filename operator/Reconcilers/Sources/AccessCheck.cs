// Whether a source's service account may watch what the source wants to watch.
using System.Text.Json.Nodes;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>Asks the cluster with SubjectAccessReviews, as Knative does.</summary>
internal sealed class AccessCheck(ClusterClient client)
{
    private static readonly string[] Verbs = ["get", "list", "watch"];

    /// <summary>What is not allowed, in a sentence; null when everything is.</summary>
    /// <param name="user">Namespace and name of the service account.</param>
    /// <param name="types">The kinds to watch.</param>
    /// <param name="namespaces">Where; empty: everywhere.</param>
    public async Task<string?> MissingAsync(
        ResourceKey user,
        IReadOnlyCollection<ResourceType> types,
        IReadOnlyCollection<string> namespaces,
        CancellationToken cancellationToken)
    {
        List<string> missing = [];
        foreach (var type in types)
        {
            foreach (var @namespace in namespaces.Count == 0 || !type.Namespaced ? [""] : namespaces)
            {
                foreach (var verb in Verbs)
                {
                    if (!await IsAllowedAsync(user, type, @namespace, verb, cancellationToken))
                    {
                        missing.Add($"{verb} {type.Plural}"
                            + (type.Group.Length > 0 ? $".{type.Group}" : "")
                            + (@namespace.Length > 0 ? $" in {@namespace}" : " in all namespaces"));
                    }
                }
            }
        }

        return missing.Count == 0
            ? null
            : $"service account {user} may not {string.Join(", ", missing)}; bind it to a Role that allows it";
    }

    private async Task<bool> IsAllowedAsync(
        ResourceKey user, ResourceType type, string @namespace, string verb, CancellationToken cancellationToken)
    {
        var review = new JsonObject
        {
            ["apiVersion"] = ResourceTypes.SubjectAccessReview.ApiVersion,
            ["kind"] = ResourceTypes.SubjectAccessReview.Kind,
            ["spec"] = new JsonObject
            {
                ["user"] = $"system:serviceaccount:{user.Namespace}:{user.Name}",
                ["groups"] = new JsonArray(
                    "system:serviceaccounts", $"system:serviceaccounts:{user.Namespace}", "system:authenticated"),
                ["resourceAttributes"] = new JsonObject
                {
                    ["namespace"] = @namespace,
                    ["verb"] = verb,
                    ["group"] = type.Group,
                    ["version"] = type.Version,
                    ["resource"] = type.Plural,
                },
            },
        };
        var answer = await client.CreateAsync(ResourceTypes.SubjectAccessReview, review, cancellationToken);
        return answer.Require("SubjectAccessReview").Status.At("allowed")?.ToJsonString() == "true";
    }
}
