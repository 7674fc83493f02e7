// Which columns `kubectl get` shows for the built-in kinds.
namespace ServerlessEventing.Local.Kubernetes.Kinds;

/// <summary>Column headings; the cells come from Printing/BuiltinCells.</summary>
public static class BuiltinColumns
{
    /// <summary>Headings by kind; a `+` marks a column shown only with `-o wide`.</summary>
    private static readonly Dictionary<string, string> Headings = new()
    {
        ["ConfigMap"] = "Data Age",
        ["Secret"] = "Type Data Age",
        ["Namespace"] = "Status Age",
        ["Service"] = "Type Cluster-IP External-IP Port(s) Age +Selector",
        ["Endpoints"] = "Endpoints Age",
        ["EndpointSlice"] = "AddressType Ports Endpoints Age",
        ["ServiceAccount"] = "Secrets Age",
        ["Pod"] = "Ready Status Restarts Age +IP +Node",
        ["Event"] = "Last_Seen Type Reason Object +Subobject +Source Message +First_Seen +Count +Name",
        ["Deployment"] = "Ready Up-to-date Available Age +Containers +Images +Selector",
        ["ReplicaSet"] = "Desired Current Ready Age +Containers +Images +Selector",
        ["StatefulSet"] = "Ready Age +Containers +Images",
        ["Lease"] = "Holder Age",
        ["Role"] = "Created_At",
        ["ClusterRole"] = "Created_At",
        ["RoleBinding"] = "Role Age",
        ["ClusterRoleBinding"] = "Role Age",
        ["CustomResourceDefinition"] = "Created_At",
        ["NetworkPolicy"] = "Pod-Selector Age",
        ["HorizontalPodAutoscaler"] = "Reference Targets MinPods MaxPods Replicas Age",
        ["PodDisruptionBudget"] = "Min_Available Max_Unavailable Allowed_Disruptions Age",
    };

    public static IReadOnlyList<PrinterColumn> Of(string kind)
    {
        var words = Headings.GetValueOrDefault(kind, "Age").Split(' ');
        return
        [
            .. words.Select(word => new PrinterColumn(word.TrimStart('+').Replace('_', ' '))
            {
                Priority = word.StartsWith('+') ? 1 : 0,
            }),
        ];
    }
}
