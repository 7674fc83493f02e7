// The kinds that are there from the start.
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Kinds;

/// <summary>The table of built-in kinds.</summary>
public static class BuiltinKinds
{
    private static readonly HashSet<string> EventLabels =
    [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
        "reportingComponent", "source", "type",
    ];

    private static readonly HashSet<string> PodLabels =
        ["spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "status.phase", "status.podIP"];

    public static IReadOnlyList<ResourceType> All { get; } =
    [
        .. Core(), .. Apps(), .. Rest(),
    ];

    private static IEnumerable<ResourceType> Core()
    {
        yield return Builtin("", "v1", "configmaps", "ConfigMap", "cm");
        yield return Builtin("", "v1", "endpoints", "Endpoints", "ep") with { Singular = "endpoints" };
        yield return Builtin("", "v1", "events", "Event", "ev") with { FieldLabels = EventLabels };
        yield return Builtin("", "v1", "namespaces", "Namespace", "ns") with
        {
            Namespaced = false,
            HasStatus = true,
            NameRule = NameRule.Label,
            FieldLabels = new HashSet<string> { "status.phase" },
        };
        yield return Builtin("", "v1", "pods", "Pod", "po") with
        {
            HasStatus = true,
            Categories = ["all"],
            FieldLabels = PodLabels,
        };
        yield return Builtin("", "v1", "secrets", "Secret") with { FieldLabels = new HashSet<string> { "type" } };
        yield return Builtin("", "v1", "serviceaccounts", "ServiceAccount", "sa");
        yield return Builtin("", "v1", "services", "Service", "svc") with
        {
            HasStatus = true,
            Categories = ["all"],
            NameRule = NameRule.ServiceLabel,
        };
    }

    private static IEnumerable<ResourceType> Apps()
    {
        var scale = new ScalePaths(".spec.replicas", ".status.replicas", ".status.selector");
        yield return Builtin("apps", "v1", "deployments", "Deployment", "deploy") with
        {
            HasStatus = true,
            HasGeneration = true,
            Categories = ["all"],
            Scale = scale,
        };
        yield return Builtin("apps", "v1", "replicasets", "ReplicaSet", "rs") with
        {
            HasStatus = true,
            HasGeneration = true,
            Categories = ["all"],
            Scale = scale,
        };
        yield return Builtin("apps", "v1", "statefulsets", "StatefulSet", "sts") with
        {
            HasStatus = true,
            HasGeneration = true,
            Categories = ["all"],
            Scale = scale,
        };
        yield return Builtin("apps", "v1", "daemonsets", "DaemonSet", "ds") with
        {
            HasStatus = true,
            HasGeneration = true,
            Categories = ["all"],
        };
    }

    private static IEnumerable<ResourceType> Batch()
    {
        yield return Builtin("batch", "v1", "jobs", "Job") with
        {
            HasStatus = true,
            HasGeneration = true,
            Categories = ["all"],
        };
        yield return Builtin("batch", "v1", "cronjobs", "CronJob", "cj") with
        {
            HasStatus = true,
            HasGeneration = true,
            Categories = ["all"],
        };
    }

    private static IEnumerable<ResourceType> Rest()
    {
        yield return Builtin("events.k8s.io", "v1", "events", "Event", "ev") with
        {
            StorageName = ResourceType.CoreEvents,
            StorageApiVersion = "v1",
            FieldLabels = new HashSet<string> { "regarding.kind", "regarding.name", "reason", "type" },
        };
        yield return Review("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview");
        yield return Review("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview");
        yield return Review("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview");
        var autoscaler = Builtin("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa") with
        {
            HasStatus = true,
            Categories = ["all"],
        };
        yield return autoscaler;
        yield return autoscaler with { Version = "v1", Schema = BuiltinSchemas.Of("v1", autoscaler.Kind) };
        foreach (var type in Batch())
        {
            yield return type;
        }

        yield return Builtin("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol");
        yield return Builtin("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb") with
        {
            HasStatus = true,
        };
        const string rbac = "rbac.authorization.k8s.io";
        yield return Builtin(rbac, "v1", "clusterrolebindings", "ClusterRoleBinding") with
        {
            Namespaced = false,
            NameRule = NameRule.PathSegment,
        };
        yield return Builtin(rbac, "v1", "clusterroles", "ClusterRole") with
        {
            Namespaced = false,
            NameRule = NameRule.PathSegment,
        };
        yield return Builtin(rbac, "v1", "rolebindings", "RoleBinding") with { NameRule = NameRule.PathSegment };
        yield return Builtin(rbac, "v1", "roles", "Role") with { NameRule = NameRule.PathSegment };
        yield return Builtin("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition",
            "crd", "crds") with
        {
            Namespaced = false,
            HasStatus = true,
            HasGeneration = true,
            Categories = ["api-extensions"],
        };
        yield return Builtin("coordination.k8s.io", "v1", "leases", "Lease");
        yield return Builtin("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice");
    }

    private static ResourceType Builtin(
        string group, string version, string plural, string kind, params string[] shortNames) => new()
        {
            Group = group,
            Version = version,
            Plural = plural,
            Singular = kind.ToLowerInvariant(),
            Kind = kind,
            ShortNames = shortNames,
            StorageApiVersion = group.Length == 0 ? version : $"{group}/{version}",
            StorageName = ApiStatus.Qualified(plural, group),
            Schema = BuiltinSchemas.Of(group, kind),
            StorageSchema = BuiltinSchemas.Of(group, kind),
            Columns = BuiltinColumns.Of(kind),
        };

    private static ResourceType Review(string group, string plural, string kind) =>
        Builtin(group, "v1", plural, kind) with { Namespaced = false, CreateOnly = true };
}
