// The fields of a Pod that a container may ask for by `fieldRef`.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;

namespace ServerlessEventing.Local.Workloads.Pods;

/// <summary>The downward API's paths; everything runs on loopback.</summary>
internal static class PodFields
{
    public const string Address = "127.0.0.1";

    /// <summary>The value, empty where the Pod has none; null for a path that does not exist.</summary>
    public static string? Read(JsonObject pod, string path) => path switch
    {
        "metadata.name" => pod.Name(),
        "metadata.namespace" => pod.Namespace(),
        "metadata.uid" => pod.Uid(),
        "spec.nodeName" => pod.Text("spec", "nodeName") ?? "",
        "spec.serviceAccountName" => pod.Text("spec", "serviceAccountName") ?? "default",
        "status.podIP" or "status.hostIP" or "status.podIPs" or "status.hostIPs" => Address,
        _ => Keyed(pod, path, "labels") ?? Keyed(pod, path, "annotations"),
    };

    // metadata.labels['app']
    private static string? Keyed(JsonObject pod, string path, string map)
    {
        var start = $"metadata.{map}['";
        return path.StartsWith(start, StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal)
            ? pod.Text("metadata", map, path[start.Length..^2]) ?? ""
            : null;
    }
}
