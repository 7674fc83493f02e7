// The cells of `kubectl get` for the built-in kinds, after the name.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Printing;

/// <summary>One method a kind that shows more than its age; the order follows Kinds/BuiltinColumns.</summary>
public static class BuiltinCells
{
    private const string None = "<none>";

    public static IReadOnlyList<JsonNode?> Of(string kind, JsonObject body, DateTimeOffset now)
    {
        var created = body.Metadata.Text("creationTimestamp");
        var age = Age.Since(created, now);
        return kind switch
        {
            "ConfigMap" => [Count(body["data"]) + Count(body["binaryData"]), age],
            "Secret" => [body.Text("type"), Count(body["data"]), age],
            "Namespace" => [body.TextAt("status", "phase"), age],
            "Service" => Service(body, age),
            "Endpoints" => [Addresses(body), age],
            "EndpointSlice" => [body.Text("addressType"), Ports(body["ports"]), SliceAddresses(body), age],
            "ServiceAccount" => [Count(body["secrets"]), age],
            "Pod" => Pod(body, age),
            "Event" => Event(body, now),
            "Deployment" => Deployment(body, age),
            "ReplicaSet" => ReplicaSet(body, age),
            "StatefulSet" => [Readiness(body), age, .. Containers(body).Take(2)],
            "Lease" => [body.TextAt("spec", "holderIdentity"), age],
            "Role" or "ClusterRole" or "CustomResourceDefinition" => [created],
            "RoleBinding" or "ClusterRoleBinding" =>
                [$"{body.TextAt("roleRef", "kind")}/{body.TextAt("roleRef", "name")}", age],
            "NetworkPolicy" => [Pairs(body.At("spec", "podSelector", "matchLabels")), age],
            "HorizontalPodAutoscaler" => Autoscaler(body, age),
            "PodDisruptionBudget" =>
            [
                Shown(body.At("spec", "minAvailable")), Shown(body.At("spec", "maxUnavailable")),
                body.At("status", "disruptionsAllowed").AsLong() ?? 0, age,
            ],
            _ => [age],
        };
    }

    /// <summary>Nothing measures load here, so a target is always unknown.</summary>
    private static JsonNode?[] Autoscaler(JsonObject body, string age)
    {
        var target = body.Child("spec").Child("scaleTargetRef");
        return
        [
            $"{target.Text("kind")}/{target.Text("name")}",
            Joined(Targets(body.Child("spec")), 2),
            body.At("spec", "minReplicas").AsLong() ?? 1, body.At("spec", "maxReplicas").AsLong() ?? 0,
            body.At("status", "currentReplicas").AsLong() ?? 0, age,
        ];
    }

    private static IEnumerable<string> Targets(JsonObject spec)
    {
        if (spec["targetCPUUtilizationPercentage"].AsLong() is { } percentage)
        {
            yield return $"cpu: <unknown>/{percentage}%";
        }

        foreach (var metric in Objects(spec["metrics"]))
        {
            var target = metric.At("resource", "target") as JsonObject;
            yield return target is null ? "<unknown>"
                : $"{metric.TextAt("resource", "name")}: <unknown>/"
                + (target["averageUtilization"].AsLong() is { } share ? $"{share}%" : target.Text("averageValue"));
        }
    }

    private static long Count(JsonNode? node) => node switch
    {
        JsonObject value => value.Count,
        JsonArray list => list.Count,
        _ => 0,
    };

    private static string Shown(JsonNode? node) => node is null ? "N/A" : node.AsText() ?? node.ToJsonString();

    private static string Pairs(JsonNode? node) => node is JsonObject { Count: > 0 } labels
        ? string.Join(",", labels.OrderBy(label => label.Key, StringComparer.Ordinal)
            .Select(label => $"{label.Key}={label.Value.AsText()}"))
        : None;

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => (node as JsonArray ?? []).OfType<JsonObject>();

    private static string Joined(IEnumerable<string> parts, int most = int.MaxValue)
    {
        var all = parts.ToList();
        var text = string.Join(",", all.Take(most));
        return all.Count == 0 ? None : all.Count > most ? $"{text} + {all.Count - most} more..." : text;
    }

    private static JsonNode?[] Service(JsonObject body, string age)
    {
        var spec = body.Child("spec");
        var type = spec.Text("type");
        var external = type switch
        {
            "ExternalName" => spec.Text("externalName"),
            "LoadBalancer" => Joined(Objects(body.At("status", "loadBalancer", "ingress"))
                .Select(one => one.Text("ip") is { Length: > 0 } ip ? ip : one.Text("hostname"))),
            _ => Joined(ObjectFields.Texts(spec["externalIPs"])),
        };
        var ports = Objects(spec["ports"]).Select(port =>
            port["nodePort"].AsLong() is { } node and > 0
                ? $"{port["port"].AsLong()}:{node}/{port.Text("protocol")}"
                : $"{port["port"].AsLong()}/{port.Text("protocol")}");
        return
        [
            type, spec.Text("clusterIP") is { Length: > 0 } ip ? ip : None, external.Length == 0 ? None : external,
            Joined(ports), age, Pairs(spec["selector"]),
        ];
    }

    private static string Addresses(JsonObject body) => Joined(
        Objects(body["subsets"]).SelectMany(subset =>
        {
            var ports = Objects(subset["ports"]).Select(port => port["port"].AsLong()).ToList();
            return Objects(subset["addresses"]).SelectMany(address => ports.Count == 0
                ? [address.Text("ip")]
                : ports.Select(port => $"{address.Text("ip")}:{port}"));
        }), 3);

    private static string Ports(JsonNode? ports) =>
        Objects(ports).Any() ? Joined(Objects(ports).Select(port => $"{port["port"].AsLong()}"), 3) : "<unset>";

    private static string SliceAddresses(JsonObject body)
    {
        var all = Objects(body["endpoints"]).SelectMany(one => ObjectFields.Texts(one["addresses"])).ToList();
        return all.Count == 0 ? "<unset>" : Joined(all, 3);
    }

    private static JsonNode?[] Pod(JsonObject body, string age)
    {
        var statuses = Objects(body.At("status", "containerStatuses")).ToList();
        var total = Count(body.At("spec", "containers"));
        var ready = statuses.Count(status => status["ready"].AsBool() == true);
        var phase = body.IsTerminating ? "Terminating" : body.TextAt("status", "phase");
        var reason = body.IsTerminating ? phase : body.TextAt("status", "reason");
        return
        [
            $"{ready}/{total}", reason.Length > 0 ? reason : FirstReason(statuses) ?? phase,
            $"{statuses.Sum(status => status["restartCount"].AsLong() ?? 0)}", age,
            Or(body.TextAt("status", "podIP")), Or(body.TextAt("spec", "nodeName")),
        ];
    }

    private static string? FirstReason(IEnumerable<JsonObject> statuses) => statuses
        .Select(status => status.At("state", "waiting") ?? status.At("state", "terminated"))
        .Select(state => (state as JsonObject)?.Text("reason"))
        .FirstOrDefault(reason => reason is { Length: > 0 });

    private static string Or(string text) => text.Length == 0 ? None : text;

    private static JsonNode?[] Event(JsonObject body, DateTimeOffset now)
    {
        var about = (body["involvedObject"] ?? body["regarding"]) as JsonObject ?? [];
        var first = FirstOf(body, "firstTimestamp", "deprecatedFirstTimestamp", "eventTime");
        var last = body.TextAt("series", "lastObservedTime") is { Length: > 0 } observed
            ? observed
            : FirstOf(body, "lastTimestamp", "deprecatedLastTimestamp", "eventTime", "firstTimestamp");
        var source = FirstOf(body, "reportingComponent", "reportingController");
        var message = FirstOf(body, "message", "note");
        return
        [
            Age.Since(last, now), body.Text("type"), body.Text("reason"),
            $"{about.Text("kind").ToLowerInvariant()}/{about.Text("name")}", about.Text("fieldPath"),
            body.TextAt("source", "component") is { Length: > 0 } component ? component : source,
            message.Trim(), Age.Since(first, now),
            body.At("series", "count").AsLong() ?? body["count"].AsLong() ?? 1, body.Name,
        ];
    }

    private static string FirstOf(JsonObject body, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (body.Text(name) is { Length: > 0 } found)
            {
                return found;
            }
        }

        return "";
    }

    private static JsonNode?[] Deployment(JsonObject body, string age)
    {
        var status = body.Child("status");
        return
        [
            Readiness(body), status["updatedReplicas"].AsLong() ?? 0, status["availableReplicas"].AsLong() ?? 0, age,
            .. Containers(body),
        ];
    }

    private static string Readiness(JsonObject body) =>
        $"{body.At("status", "readyReplicas").AsLong() ?? 0}/{body.At("spec", "replicas").AsLong() ?? 0}";

    private static JsonNode?[] ReplicaSet(JsonObject body, string age)
    {
        var status = body.Child("status");
        return
        [
            body.At("spec", "replicas").AsLong() ?? 0, status["replicas"].AsLong() ?? 0,
            status["readyReplicas"].AsLong() ?? 0, age, .. Containers(body),
        ];
    }

    private static IEnumerable<JsonNode?> Containers(JsonObject body)
    {
        var containers = Objects(body.At("spec", "template", "spec", "containers")).ToList();
        yield return Joined(containers.Select(container => container.Text("name")));
        yield return Joined(containers.Select(container => container.Text("image")));
        yield return Pairs(body.At("spec", "selector", "matchLabels"));
    }
}
