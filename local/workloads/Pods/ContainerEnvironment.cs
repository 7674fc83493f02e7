// The environment of a container: what its spec says, with references to ConfigMaps, Secrets and fields resolved.
using System.Text;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;

namespace ServerlessEventing.Local.Workloads.Pods;

/// <summary>
/// As the kubelet does it:
/// <code>
///   1 envFrom   ConfigMaps and Secrets whole, later ones over earlier ones
///   2 env       in order; a value may use $(NAME) of what comes before it
/// </code>
/// Read anew at each start of the container; a change of a ConfigMap restarts nothing. What this machine gives anyway
/// is not looked up, so that a Secret of the cluster need not be there.
/// </summary>
internal sealed class ContainerEnvironment(ApiConnection api)
{
    /// <summary>The variables, or what is missing.</summary>
    public async Task<(IReadOnlyDictionary<string, string> Variables, string? Problem)> ReadAsync(
        JsonObject pod,
        JsonObject container,
        IReadOnlyDictionary<string, string> given,
        CancellationToken cancellationToken)
    {
        var variables = new Dictionary<string, string>();
        foreach (var from in container.Objects("envFrom"))
        {
            var whole = from.At("configMapRef") is not null
                ? await DataAsync(pod, "configmaps", from.At("configMapRef")!, cancellationToken)
                : await DataAsync(pod, "secrets", from.At("secretRef") ?? new JsonObject(), cancellationToken);
            if (whole.Problem is not null)
            {
                return (variables, whole.Problem);
            }

            foreach (var (key, value) in whole.Data)
            {
                variables[$"{from.Text("prefix")}{key}"] = value;
            }
        }

        foreach (var item in container.Objects("env"))
        {
            var name = item.Text("name") ?? "";
            if (given.TryGetValue(name, out var here))
            {
                variables[name] = here;
                continue;
            }

            var (value, problem) = item.At("valueFrom") is { } source
                ? await ValueFromAsync(pod, source, cancellationToken)
                : (VariableExpansion.Expand(item.Text("value") ?? "", variables), null);
            if (problem is not null)
            {
                return (variables, $"env {name}: {problem}");
            }

            if (value is not null)
            {
                variables[name] = value;
            }
        }

        return (variables, null);
    }

    // A null value without a problem: optional, and not there.
    private async Task<(string? Value, string? Problem)> ValueFromAsync(
        JsonObject pod, JsonNode source, CancellationToken cancellationToken)
    {
        if (source.Text("fieldRef", "fieldPath") is { } path)
        {
            return PodFields.Read(pod, path) is { } field
                ? (field, null)
                : (null, $"fieldRef \"{path}\" is not a field that is known here");
        }

        var (plural, reference) = source.At("configMapKeyRef") is { } map
            ? ("configmaps", map)
            : ("secrets", source.At("secretKeyRef"));
        if (reference is null)
        {
            return (null, "only configMapKeyRef, secretKeyRef and fieldRef can be resolved here");
        }

        var (data, problem) = await DataAsync(pod, plural, reference, cancellationToken);
        var key = reference.Text("key") ?? "";
        return problem is not null ? (null, problem)
            : data.TryGetValue(key, out var value) ? (value, null)
            : reference.Flag("optional") ? (null, null)
            : (null, $"couldn't find key {key} in {plural}/{reference.Text("name")}");
    }

    private async Task<(IReadOnlyDictionary<string, string> Data, string? Problem)> DataAsync(
        JsonObject pod, string plural, JsonNode reference, CancellationToken cancellationToken)
    {
        var name = reference.Text("name") ?? "";
        var answer = await api.GetAsync(
            $"/api/v1/namespaces/{pod.Namespace()}/{plural}/{Uri.EscapeDataString(name)}", cancellationToken);
        if (answer.IsSuccess)
        {
            var data = answer.Body.Pairs("data");
            return (plural == "secrets"
                ? data.ToDictionary(pair => pair.Key, pair => Decode(pair.Value))
                : data, null);
        }

        return answer.IsNotFound && reference.Flag("optional")
            ? (new Dictionary<string, string>(), null)
            : (new Dictionary<string, string>(), answer.Message);
    }

    private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
}
