// What the stored Roles, ClusterRoles and their bindings allow whom.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Storage;

namespace ServerlessEventing.Local.Kubernetes.Access;

/// <summary>RBAC as a real server evaluates it, of resources; paths that are none are everybody's.</summary>
/// <remarks>
/// <code>
///   1 bindings of the cluster, and of the namespace asked about ─► 2 whose subjects have the user or a group of it
///   3 the role each refers to ─► 4 a rule of it has verb, group, resource and name
/// </code>
/// Roles only add up: nothing takes a right away.
/// </remarks>
public sealed class Roles(ObjectStore store)
{
    private const string Group = "rbac.authorization.k8s.io";

    public bool Allow(Requester who, AccessRequest what) =>
        who.IsMaster
        || Bindings($"clusterrolebindings.{Group}", null).Any(binding => Gives(binding, "", who, what))
        || (what.Namespace.Length > 0 && Bindings($"rolebindings.{Group}", what.Namespace)
            .Any(binding => Gives(binding, what.Namespace, who, what)));

    private IEnumerable<JsonObject> Bindings(string resource, string? @namespace) =>
        store.List(resource, @namespace).Objects.Select(binding => binding.Body());

    private bool Gives(JsonObject binding, string @namespace, Requester who, AccessRequest what) =>
        Items(binding, "subjects").Any(subject => Means(subject, @namespace, who))
        && Rules(binding.Child("roleRef"), @namespace).Any(rule => Covers(rule, what));

    // A service account of a RoleBinding is of its namespace unless another is named.
    private static bool Means(JsonObject subject, string @namespace, Requester who)
    {
        var name = subject.Text("name");
        var stated = subject.Text("namespace");
        return subject.Kind switch
        {
            "User" => name == who.User,
            "Group" => who.Groups.Contains(name),
            "ServiceAccount" => who.ServiceAccount == (stated.Length > 0 ? stated : @namespace, name),
            _ => false,
        };
    }

    private IEnumerable<JsonObject> Rules(JsonObject roleRef, string @namespace)
    {
        var name = roleRef.Text("name");
        if (roleRef.Kind == "Role")
        {
            return store.Find(new ObjectKey($"roles.{Group}", @namespace, name)) is { } role
                ? Items(role.Body(), "rules")
                : [];
        }

        return store.Find(new ObjectKey($"clusterroles.{Group}", "", name)) is not { } clusterRole
            ? DefaultRoles.Rules(name)
            : clusterRole.Body() is var body && Items(body.Child("aggregationRule"), "clusterRoleSelectors").ToList()
                is { Count: > 0 } selectors
                ? selectors.SelectMany(Selected).SelectMany(selected => Items(selected, "rules"))
                : Items(body, "rules");
    }

    // What a real cluster's controller copies into an aggregated role is looked up here.
    private IEnumerable<JsonObject> Selected(JsonObject selector) => store.List($"clusterroles.{Group}").Objects
        .Where(role => selector.Child("matchLabels") is { Count: > 0 } labels && labels.All(label =>
            role.Labels.TryGetValue(label.Key, out var value) && value == label.Value.AsText()))
        .Select(role => role.Body());

    private static bool Covers(JsonObject rule, AccessRequest what)
    {
        var resources = ObjectFields.Texts(rule["resources"]);
        var names = ObjectFields.Texts(rule["resourceNames"]);
        return Has(rule, "verbs", what.Verb) && Has(rule, "apiGroups", what.Group)
            && resources.Any(resource => resource == "*" || resource == what.Resource
                || (resource.StartsWith("*/", StringComparison.Ordinal)
                    && what.Resource.EndsWith(resource[1..], StringComparison.Ordinal)))
            && (names.Count == 0 || names.Contains(what.Name));
    }

    private static bool Has(JsonObject rule, string field, string value) =>
        ObjectFields.Texts(rule[field]) is var texts && (texts.Contains("*") || texts.Contains(value));

    private static IEnumerable<JsonObject> Items(JsonObject body, string field) =>
        body[field] is JsonArray items ? items.OfType<JsonObject>() : [];
}
