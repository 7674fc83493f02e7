// What a Deployment's status says of the Pods that run for it.
using System.Globalization;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;
using ServerlessEventing.Local.Workloads.Pods;

namespace ServerlessEventing.Local.Workloads.Rollouts;

/// <summary>Counts, and the conditions Available and Progressing, in a real cluster's words where they fit.</summary>
internal sealed class DeploymentStatus(
    JsonObject deployment,
    string hash,
    IReadOnlyList<RunningPod> pods,
    (string Reason, string Message)? problem,
    DateTimeOffset now)
{
    private readonly long wanted = deployment.Number("spec", "replicas") ?? 1;
    private readonly int ready = pods.Count(pod => pod.IsReady);
    private readonly int updated = pods.Count(pod => pod.Hash == hash);
    private readonly int updatedReady = pods.Count(pod => pod.Hash == hash && pod.IsReady);

    /// <summary>The merge patch that makes the status true; null when it is.</summary>
    public JsonObject? Patch()
    {
        var old = deployment.At("status");
        var status = new JsonObject
        {
            ["observedGeneration"] = deployment.Number("metadata", "generation") ?? 1,
            ["replicas"] = pods.Count,
            ["updatedReplicas"] = updated,
            ["readyReplicas"] = ready,
            ["availableReplicas"] = ready,
            ["unavailableReplicas"] = Math.Max(0, wanted - ready),
            ["conditions"] = new JsonArray(Available(), Progressing()),
        };
        return status.All(pair => JsonNode.DeepEquals(pair.Value, old.At(pair.Key)))
            ? null
            : new JsonObject { ["status"] = status };
    }

    private JsonObject Available()
    {
        if (ready >= wanted)
        {
            return Condition("Available", "True", "MinimumReplicasAvailable",
                wanted == 0
                    ? "No replicas are asked for."
                    : "Deployment has minimum availability. Its containers run as processes of this machine, as you.");
        }

        if (problem is { } why && pods.Count == 0)
        {
            return Condition("Available", "False", why.Reason, why.Message);
        }

        var trouble = pods.Select(pod => pod.Trouble).FirstOrDefault(text => text is not null);
        return Condition("Available", "False", "MinimumReplicasUnavailable",
            $"{ready} of {wanted} replicas are ready{(trouble is null ? "." : $": {trouble}")}");
    }

    private JsonObject Progressing()
    {
        var done = updatedReady >= wanted && pods.Count == updated;
        return problem is { } why ? Condition("Progressing", "False", why.Reason, why.Message)
            : done ? Condition("Progressing", "True", "NewReplicaSetAvailable", $"Template {hash} has been rolled out.")
            : Condition("Progressing", "True", "ReplicaSetUpdated", $"Template {hash} is being rolled out.");
    }

    private JsonObject Condition(string type, string status, string reason, string message)
    {
        var old = deployment.Objects("status", "conditions").FirstOrDefault(one => one.Text("type") == type);
        var time = now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var since = old.Text("status") == status ? old.Text("lastTransitionTime") ?? time : time;
        var updatedAt = old.Text("status") == status && old.Text("reason") == reason && old.Text("message") == message
            ? old.Text("lastUpdateTime") ?? time
            : time;
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["reason"] = reason,
            ["message"] = message,
            ["lastUpdateTime"] = updatedAt,
            ["lastTransitionTime"] = since,
        };
    }
}
