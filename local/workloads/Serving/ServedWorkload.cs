// One Service of serving.knative.dev: what it becomes here, and what its status says.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;

namespace ServerlessEventing.Local.Workloads.Serving;

/// <summary>
/// Reads v1's <c>spec.template</c> and what v1alpha1 had for it: <c>runLatest</c>, <c>release</c>,
/// <c>configuration</c>.
/// </summary>
internal sealed class ServedWorkload(JsonObject service)
{
    private const string Label = "serving.knative.dev/service";

    /// <summary>On the Deployment: of which containers it was made, so that what is taken away is seen too.</summary>
    private const string Made = "serving-stand-in/containers";
    private const long DefaultPort = 8080;

    private readonly JsonNode? template = service.At("spec", "template")
        ?? service.At("spec", "runLatest", "configuration", "revisionTemplate")
        ?? service.At("spec", "release", "configuration", "revisionTemplate")
        ?? service.At("spec", "configuration", "revisionTemplate");

    public string Namespace => service.Namespace();

    public string Name => service.Name();

    public string Uid => service.Uid();

    public string DeploymentName => $"{Name}-deployment";

    private string Url => $"http://{Name}.{Namespace}.svc.cluster.local";

    /// <summary>Why it can become nothing.</summary>
    public (string Reason, string Message)? Problem => Containers().Count > 0
        ? null
        : ("RevisionInvalid", "spec.template.spec.containers is empty: name the container to serve with");

    public JsonObject Deployment() => new()
    {
        ["apiVersion"] = "apps/v1",
        ["kind"] = "Deployment",
        ["metadata"] = DeploymentMetadata(),
        ["spec"] = new JsonObject
        {
            ["selector"] = new JsonObject { ["matchLabels"] = Labels() },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = Labels() },
                ["spec"] = new JsonObject
                {
                    ["containers"] = new JsonArray([.. Containers().Select(one => one.DeepClone())]),
                },
            },
        },
    };

    public JsonObject CoreService() => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = Metadata(Name),
        ["spec"] = new JsonObject
        {
            ["selector"] = Labels(),
            ["ports"] = new JsonArray(new JsonObject
            {
                ["name"] = "http",
                ["port"] = 80,
                ["targetPort"] = Containers()[0].Objects("ports").FirstOrDefault()?.Number("containerPort")
                    ?? DefaultPort,
            }),
        },
    };

    /// <summary>The status to write; null when it stands.</summary>
    public JsonObject? Status(JsonObject? deployment, (string Reason, string Message)? problem, DateTimeOffset now)
    {
        var available = deployment.Objects("status", "conditions")
            .FirstOrDefault(one => one.Text("type") == "Available");
        var (value, reason, message) = problem is { } why ? ("False", why.Reason, why.Message)
            : available.Text("status") == "True" ? ("True", null, null)
            : available.Text("reason") is "MinimumReplicasUnavailable" or null
                ? ("Unknown", "Deploying", available.Text("message"))
                : ("False", available.Text("reason"), available.Text("message"));
        var status = new JsonObject
        {
            ["observedGeneration"] = service.Number("metadata", "generation") ?? 1,
            ["url"] = Url,
            ["address"] = new JsonObject { ["url"] = Url, ["hostname"] = new Uri(Url).Host },
            ["conditions"] = new JsonArray(
                Condition("ConfigurationsReady", value, reason, message, now),
                Condition("Ready", value, reason, message, now),
                Condition("RoutesReady", value, reason, message, now)),
        };
        return status.All(pair => JsonNode.DeepEquals(pair.Value, service.At("status", pair.Key))) ? null : status;
    }

    private IReadOnlyList<JsonObject> Containers() => template.At("spec", "containers") is JsonArray
        ? [.. template.Objects("spec", "containers").Select(Named)]
        : template.At("spec", "container") is JsonObject one ? [Named(one)] : [];

    // Serving lets a single container go without a name.
    private static JsonObject Named(JsonObject container)
    {
        var named = (JsonObject)container.DeepClone();
        named["name"] ??= "user-container";
        return named;
    }

    private JsonObject Labels() => new() { [Label] = Name };

    private JsonObject Metadata(string name) => new()
    {
        ["name"] = name,
        ["namespace"] = Namespace,
        ["labels"] = Labels(),
        ["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = "serving.knative.dev/v1",
            ["kind"] = "Service",
            ["name"] = Name,
            ["uid"] = Uid,
            ["controller"] = true,
            ["blockOwnerDeletion"] = true,
        }),
    };

    private JsonObject DeploymentMetadata()
    {
        var text = new JsonArray([.. Containers()]).ToJsonString();
        var metadata = Metadata(DeploymentName);
        metadata["annotations"] = new JsonObject
        {
            [Made] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))[..8]),
        };
        return metadata;
    }

    private JsonObject Condition(string type, string value, string? reason, string? message, DateTimeOffset now)
    {
        var old = service.Objects("status", "conditions").FirstOrDefault(one => one.Text("type") == type);
        var condition = new JsonObject
        {
            ["type"] = type,
            ["status"] = value,
            ["lastTransitionTime"] = old.Text("status") == value
                ? old.Text("lastTransitionTime")
                : now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        };
        if (reason is not null)
        {
            condition["reason"] = reason;
            condition["message"] = message ?? "";
        }

        return condition;
    }
}
