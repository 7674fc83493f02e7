// What a real API server refuses for the built-in kinds beyond their schemas.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Kubernetes.Kinds;
using ServerlessEventing.Local.Kubernetes.Objects;

namespace ServerlessEventing.Local.Kubernetes.Writes;

/// <summary>Checks by kind; only those a user of a small server runs into.</summary>
public static class KindRules
{
    public static IReadOnlyList<StatusCause> Check(ResourceType type, JsonObject body, JsonObject? old) =>
        type.StorageName switch
        {
            ResourceType.Crds => Crd(body, old),
            "configmaps" => [.. Keys(body, "data"), .. Keys(body, "binaryData"), .. Immutable(body, old)],
            "secrets" => [.. Keys(body, "data"), .. Base64(body), .. Immutable(body, old), .. SecretType(body, old)],
            "services" => Service(body),
            "deployments.apps" or "replicasets.apps" or "statefulsets.apps" or "daemonsets.apps" => Workload(body, old),
            "jobs.batch" => Job(body, old),
            "cronjobs.batch" => Containers(
                body.At("spec", "jobTemplate", "spec", "template", "spec") as JsonObject ?? [],
                "spec.jobTemplate.spec.template.spec"),
            "pods" => Containers(body["spec"] as JsonObject ?? [], "spec"),
            "rolebindings.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io" =>
                Same(body["roleRef"], old?["roleRef"], old, "roleRef", "cannot change roleRef"),
            _ => [],
        };

    /// <summary>What is taken, but will not do what it says.</summary>
    public static IEnumerable<string> Warnings(ResourceType type, JsonObject body, JsonObject? old)
    {
        foreach (var added in type.IsCustom ? body.Finalizers.Except(old?.Finalizers ?? []) : [])
        {
            if (added is not ("orphan" or "foregroundDeletion" or "kubernetes") && !added.Contains('/'))
            {
                yield return $"metadata.finalizers: \"{added}\": prefer a domain-qualified finalizer name to avoid "
                    + "accidental conflicts with other finalizer writers";
            }
        }

        if (type.IsCrd && old is null && body.TextAt("spec", "conversion", "strategy") == "Webhook")
        {
            yield return "spec.conversion.strategy: Webhook is not carried out by this server, it is treated as None";
        }
    }

    private static IReadOnlyList<StatusCause> Crd(JsonObject body, JsonObject? old)
    {
        var causes = new List<StatusCause>(CustomKinds.Read(body).Causes);
        var group = body.TextAt("spec", "group");
        if (!group.Contains('.', StringComparison.Ordinal) && group.Length > 0)
        {
            causes.Add(Invalid("spec.group", group, "should be a domain with at least one dot"));
        }
        else if (BuiltinKinds.All.Any(type => type.Group == group))
        {
            causes.Add(Invalid("spec.group", group, "this group belongs to the server's own kinds"));
        }

        if (old is not null && old.TextAt("spec", "scope") != body.TextAt("spec", "scope"))
        {
            causes.Add(Invalid("spec.scope", body.TextAt("spec", "scope"), "field is immutable"));
        }

        return causes;
    }

    private static IEnumerable<StatusCause> Keys(JsonObject body, string field)
    {
        foreach (var (key, _) in body[field] as JsonObject ?? [])
        {
            if (key.Length is 0 or > 253 || key is "." or ".." || !key.All(IsKeyCharacter))
            {
                yield return Invalid($"{field}[{key}]", key, "a valid config key must consist of alphanumeric "
                    + "characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for "
                    + "validation is '[-._a-zA-Z0-9]+')");
            }
        }
    }

    private static bool IsKeyCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';

    private static IEnumerable<StatusCause> Base64(JsonObject body)
    {
        foreach (var (key, value) in body["data"] as JsonObject ?? [])
        {
            var text = value.AsText() ?? "";
            if (!Convert.TryFromBase64String(text, new byte[text.Length], out _))
            {
                yield return new("FieldValueInvalid", "Invalid value: the value is not base64", $"data[{key}]");
            }
        }
    }

    private static IEnumerable<StatusCause> Immutable(JsonObject body, JsonObject? old)
    {
        if (old?["immutable"].AsBool() != true)
        {
            yield break;
        }

        foreach (var field in (string[])["data", "binaryData", "immutable"])
        {
            if (!JsonNode.DeepEquals(body[field], old[field]))
            {
                yield return new("FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set", field);
            }
        }
    }

    private static IEnumerable<StatusCause> SecretType(JsonObject body, JsonObject? old) =>
        Same(body["type"], old?["type"], old, "type", "field is immutable");

    private static StatusCause[] Service(JsonObject body)
    {
        var spec = body.Child("spec");
        var type = spec.Text("type");
        if (type is not ("ClusterIP" or "NodePort" or "LoadBalancer" or "ExternalName"))
        {
            return [new("FieldValueNotSupported", $"Unsupported value: \"{type}\": supported values: \"ClusterIP\", "
                + "\"ExternalName\", \"LoadBalancer\", \"NodePort\"", "spec.type")];
        }

        if (type == "ExternalName")
        {
            return spec.Text("externalName").Length == 0
                ? [new("FieldValueRequired", "Required value", "spec.externalName")]
                : [];
        }

        var ports = (spec["ports"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        if (ports.Count == 0 && spec.Text("clusterIP") != "None")
        {
            return [new("FieldValueRequired", "Required value", "spec.ports")];
        }

        return
        [
            .. ports.Select((port, at) => (Number: port["port"].AsLong() ?? 0, At: at))
                .Where(port => port.Number is < 1 or > 65535)
                .Select(port => Invalid($"spec.ports[{port.At}].port", port.Number,
                    "must be between 1 and 65535, inclusive")),
        ];
    }

    private static List<StatusCause> Workload(JsonObject body, JsonObject? old)
    {
        var spec = body.Child("spec");
        var causes = new List<StatusCause>();
        if (spec["replicas"].AsLong() < 0)
        {
            causes.Add(Invalid("spec.replicas", spec["replicas"].AsLong() ?? 0,
                "must be greater than or equal to 0"));
        }

        causes.AddRange(Same(spec["selector"], old?.At("spec", "selector"), old, "spec.selector",
            "field is immutable"));
        var template = spec["template"] as JsonObject ?? [];
        var labels = template.At("metadata", "labels") as JsonObject ?? [];
        var wanted = spec.At("selector", "matchLabels") as JsonObject ?? [];
        if (wanted.Any(label => labels[label.Key].AsText() != label.Value.AsText()))
        {
            causes.Add(new("FieldValueInvalid", $"Invalid value: {labels.ToJsonString(ObjectFields.Compact)}: "
                + "`selector` does not match template `labels`", "spec.template.metadata.labels"));
        }

        causes.AddRange(Containers(template["spec"] as JsonObject ?? [], "spec.template.spec"));
        return causes;
    }

    // What a Job runs is fixed once it is made.
    private static IReadOnlyList<StatusCause> Job(JsonObject body, JsonObject? old) =>
    [
        .. Same(body.At("spec", "template"), old?.At("spec", "template"), old, "spec.template", "field is immutable"),
        .. Containers(body.At("spec", "template", "spec") as JsonObject ?? [], "spec.template.spec"),
    ];

    private static List<StatusCause> Containers(JsonObject spec, string path)
    {
        var causes = new List<StatusCause>();
        var containers = (spec["containers"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        if (containers.Count == 0)
        {
            causes.Add(new("FieldValueRequired", "Required value", $"{path}.containers"));
        }

        for (var at = 0; at < containers.Count; at++)
        {
            if (containers[at].Text("image").Length == 0)
            {
                causes.Add(new("FieldValueRequired", "Required value", $"{path}.containers[{at}].image"));
            }

            if (ObjectNames.Problem(NameRule.Label, containers[at].Text("name")) is { } problem)
            {
                causes.Add(Invalid($"{path}.containers[{at}].name", containers[at].Text("name"), problem));
            }
        }

        return causes;
    }

    private static StatusCause[] Same(JsonNode? now, JsonNode? before, JsonObject? old, string field, string why) =>
        old is null || JsonNode.DeepEquals(now, before)
            ? []
            : [new("FieldValueInvalid", $"Invalid value: {now?.ToJsonString(ObjectFields.Compact)}: {why}", field)];

    private static StatusCause Invalid(string field, object shown, string why) =>
        new("FieldValueInvalid", $"Invalid value: {(shown is string ? $"\"{shown}\"" : shown)}: {why}", field);
}
