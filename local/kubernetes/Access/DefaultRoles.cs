// The ClusterRoles every cluster has, of which bindings speak without anybody having made them.
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Kubernetes.Access;

/// <summary>
/// <c>cluster-admin</c>, and of <c>admin</c>, <c>edit</c> and <c>view</c> what concerns the kinds this server has. They
/// are not stored: one that somebody makes under such a name is the one that counts.
/// </summary>
public static class DefaultRoles
{
    private static readonly string[] Read = ["get", "list", "watch"];
    private static readonly string[] Write = ["create", "update", "patch", "delete", "deletecollection"];

    private static readonly (string Group, string[] Resources)[] Workloads =
    [
        ("", ["configmaps", "endpoints", "events", "pods", "pods/log", "pods/status", "serviceaccounts", "services"]),
        ("apps", ["*"]), ("batch", ["*"]), ("autoscaling", ["*"]), ("policy", ["*"]), ("networking.k8s.io", ["*"]),
        ("discovery.k8s.io", ["endpointslices"]), ("events.k8s.io", ["events"]),
    ];

    private static readonly (string Group, string[] Resources)[] Private =
        [("", ["secrets"]), ("coordination.k8s.io", ["leases"])];

    private static readonly (string Group, string[] Resources)[] Granting =
        [("rbac.authorization.k8s.io", ["roles", "rolebindings"])];

    /// <summary>Its rules; none for any other name.</summary>
    public static IEnumerable<JsonObject> Rules(string role) => role switch
    {
        "cluster-admin" => [Rule(["*"], "*", ["*"])],
        "admin" => [.. Of(Workloads), .. Of(Private), .. Of(Granting), .. Namespaces()],
        "edit" => [.. Of(Workloads), .. Of(Private), .. Namespaces()],
        "view" => [.. Workloads.Select(some => Rule(Read, some.Group, some.Resources)), .. Namespaces()],
        _ => [],
    };

    private static IEnumerable<JsonObject> Of((string Group, string[] Resources)[] kinds) =>
        kinds.Select(some => Rule([.. Read, .. Write], some.Group, some.Resources));

    private static IEnumerable<JsonObject> Namespaces() => [Rule(Read, "", ["namespaces"])];

    private static JsonObject Rule(string[] verbs, string group, string[] resources) => new()
    {
        ["verbs"] = new JsonArray([.. verbs.Select(verb => JsonValue.Create(verb))]),
        ["apiGroups"] = new JsonArray(group),
        ["resources"] = new JsonArray([.. resources.Select(resource => JsonValue.Create(resource))]),
    };
}
