// Turns an object from the version it came in into the one it is kept in, and back.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;
using ServerlessEventing.Local.Kubernetes.Storage;

namespace ServerlessEventing.Local.Kubernetes.Kinds;

/// <summary>
/// Custom resources change but their apiVersion (strategy None); only Events and autoscalers have two shapes.
/// </summary>
public static class VersionConversion
{
    /// <summary>The names of an Event's fields: in core/v1, in events.k8s.io/v1.</summary>
    private static readonly (string Core, string Group)[] EventFields =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("reportingComponent", "reportingController"),
        ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"),
    ];

    public static void ToStorage(ResourceType type, JsonObject body)
    {
        if (type is { StorageName: ResourceType.CoreEvents, Group.Length: > 0 })
        {
            foreach (var (core, group) in EventFields)
            {
                Rename(body, group, core);
            }
        }

        if (type is { StorageName: AutoscalerVersions.StorageName, Version: "v1" })
        {
            AutoscalerVersions.ToSecond(body);
        }

        body["apiVersion"] = type.StorageApiVersion;
    }

    public static JsonObject FromStorage(ResourceType type, StoredObject stored)
    {
        var body = stored.Body();
        if (type is { StorageName: ResourceType.CoreEvents, Group.Length: > 0 })
        {
            foreach (var (core, group) in EventFields)
            {
                Rename(body, core, group);
            }
        }

        if (type is { StorageName: AutoscalerVersions.StorageName, Version: "v1" })
        {
            AutoscalerVersions.ToFirst(body);
        }

        body["apiVersion"] = type.ApiVersion;
        return body;
    }

    private static void Rename(JsonObject body, string from, string to)
    {
        if (body.TryGetPropertyValue(from, out var value))
        {
            body.Remove(from);
            body[to] = value;
        }
    }
}
