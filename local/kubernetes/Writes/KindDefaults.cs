// What a real API server fills in for the built-in kinds.
using System.Text;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>Defaults by kind; idempotent, since they run on every write.</summary>
public static class KindDefaults
{
    public static void Apply(ResourceType type, JsonObject body)
    {
        switch (type.StorageName)
        {
            case ResourceType.Namespaces:
                body.Metadata.Child("labels")["kubernetes.io/metadata.name"] = body.Name;
                body.Child("spec").Default("finalizers", new JsonArray("kubernetes"));
                body.Child("status").Default("phase", "Active");
                break;
            case "secrets":
                Secret(body);
                break;
            case "services":
                Service(body.Child("spec"));
                break;
            case "pods":
                PodSpec(body.Child("spec"));
                body.Child("status").Default("phase", "Pending");
                break;
            case "deployments.apps":
                Deployment(body.Child("spec"));
                break;
            case "replicasets.apps" or "statefulsets.apps":
                body.Child("spec").Default("replicas", 1L);
                Template(body.Child("spec"));
                break;
            case "daemonsets.apps" or "jobs.batch":
                Template(body.Child("spec"));
                break;
            case "cronjobs.batch":
                Template(body.Child("spec").Child("jobTemplate").Child("spec"));
                break;
            case ResourceType.Crds:
                Crd(body);
                break;
        }
    }

    /// <summary>What the server gave an object before stays when an update leaves it out.</summary>
    public static void Keep(ResourceType type, JsonObject old, JsonObject next)
    {
        if (type.StorageName == "services" && next["spec"] is JsonObject spec
            && spec.Text("type") != "ExternalName" && old.TextAt("spec", "clusterIP") is { Length: > 0 } address)
        {
            spec.Default("clusterIP", address);
        }
    }

    private static void Secret(JsonObject body)
    {
        foreach (var (name, value) in body["stringData"] as JsonObject ?? [])
        {
            body.Child("data")[name] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsText() ?? ""));
        }

        body.Remove("stringData");
        body.Default("type", "Opaque");
    }

    private static void Service(JsonObject spec)
    {
        spec.Default("type", "ClusterIP");
        spec.Default("sessionAffinity", "None");
        foreach (var port in Objects(spec["ports"]))
        {
            port.Default("protocol", "TCP");
            if (spec.Text("type") != "ExternalName" && port["targetPort"] is null)
            {
                port["targetPort"] = port["port"]?.DeepClone();
            }
        }

        if (spec.Text("type") == "ExternalName")
        {
            return;
        }

        spec.Default("ipFamilies", new JsonArray("IPv4"));
        spec.Default("ipFamilyPolicy", "SingleStack");
        spec.Default("internalTrafficPolicy", "Cluster");
        if (spec.Text("clusterIP").Length == 0)
        {
            // Nothing routes to it: what listens for a Service here is found by its Endpoints.
            var low = Random.Shared.Next(1, 1 << 20);
            spec["clusterIP"] = $"10.{96 + (low >> 16)}.{(low >> 8) & 255}.{low & 255}";
        }

        spec["clusterIPs"] = new JsonArray(spec.Text("clusterIP"));
    }

    private static void Deployment(JsonObject spec)
    {
        spec.Default("replicas", 1L);
        spec.Default("revisionHistoryLimit", 10L);
        spec.Default("progressDeadlineSeconds", 600L);
        var strategy = spec.Child("strategy");
        strategy.Default("type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            strategy.Child("rollingUpdate").Default("maxSurge", "25%");
            strategy.Child("rollingUpdate").Default("maxUnavailable", "25%");
        }

        Template(spec);
    }

    private static void Template(JsonObject spec)
    {
        if (spec["template"] is JsonObject template)
        {
            PodSpec(template.Child("spec"));
        }
    }

    private static void PodSpec(JsonObject spec)
    {
        spec.Default("restartPolicy", "Always");
        spec.Default("terminationGracePeriodSeconds", 30L);
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Default("schedulerName", "default-scheduler");
        spec.Default("securityContext", new JsonObject());
        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
        {
            spec["serviceAccount"] = account;
        }

        foreach (var container in Objects(spec["containers"]).Concat(Objects(spec["initContainers"])))
        {
            var image = container.Text("image");
            var floating = image.EndsWith(":latest", StringComparison.Ordinal) || !image.Contains(':');
            container.Default("imagePullPolicy", floating ? "Always" : "IfNotPresent");
            container.Default("terminationMessagePath", "/dev/termination-log");
            container.Default("terminationMessagePolicy", "File");
            container.Default("resources", new JsonObject());
            foreach (var port in Objects(container["ports"]))
            {
                port.Default("protocol", "TCP");
            }
        }
    }

    private static void Crd(JsonObject body)
    {
        var spec = body.Child("spec");
        var names = spec.Child("names");
        var kind = names.Text("kind");
        names.Default("singular", kind.ToLowerInvariant());
        names.Default("listKind", $"{kind}List");
        spec.Child("conversion").Default("strategy", "None");
        spec.Remove("preserveUnknownFields");
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => (node as JsonArray ?? []).OfType<JsonObject>();
}
