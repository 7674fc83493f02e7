// What a Deployment's status says of how it runs on this laptop.
using System.Globalization;
using System.Text.Json.Nodes;

namespace ServerlessEventing.Cli.House;

/// <summary>
/// How a Deployment fares: it runs, it is asked not to, or it cannot, and why. One replica at most runs, so that a
/// Deployment that wants more is available and says the rest.
/// </summary>
internal sealed record WorkloadStatus(bool Runs, string Reason, string Message)
{
    public const string Image = "event-display";

    public static readonly WorkloadStatus Running =
        new(true, "RunsInThisProcess", $"The image {Image} runs inside `eventing up`, as you, once.");

    public static readonly WorkloadStatus Stopped = new(true, "NoReplicas", "No replicas are asked for.");

    public static WorkloadStatus UnknownImage(string image) => new(
        false, "ImageNotRunHere", $"Nothing on this laptop stands for the image \"{image}\"; only {Image} runs here. "
            + "Start the program yourself and give the subscriber as http://localhost:PORT.");

    public static WorkloadStatus WrongArguments(string problem) => new(false, "WrongArguments", problem);

    /// <summary>The patch that makes the status say so; null when it does already.</summary>
    public JsonObject? PatchFor(JsonObject deployment, DateTimeOffset now)
    {
        var old = deployment["status"] as JsonObject ?? [];
        var count = ReferenceEquals(this, Running) ? 1 : 0;
        var status = new JsonObject
        {
            ["observedGeneration"] = deployment["metadata"]?["generation"]?.DeepClone(),
            ["replicas"] = count,
            ["updatedReplicas"] = count,
            ["readyReplicas"] = count,
            ["availableReplicas"] = count,
            ["conditions"] = new JsonArray(Condition(old["conditions"] as JsonArray ?? [], now)),
        };
        return status.All(pair => JsonNode.DeepEquals(pair.Value, old[pair.Key]))
            ? null
            : new JsonObject { ["status"] = status };
    }

    private JsonObject Condition(JsonArray conditions, DateTimeOffset now)
    {
        var status = Runs ? "True" : "False";
        var time = now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var old = conditions.FirstOrDefault(one => (string?)one?["type"] == "Available");
        var since = (string?)old?["status"] == status ? (string?)old?["lastTransitionTime"] : null;
        return new JsonObject
        {
            ["type"] = "Available",
            ["status"] = status,
            ["reason"] = Reason,
            ["message"] = Message,
            ["lastTransitionTime"] = since ?? time,
        };
    }
}
