// The status of a Pod record, as the kubelet writes it.
using System.Globalization;
using System.Text.Json.Nodes;

namespace ServerlessEventing.Local.Workloads.Pods;

/// <summary>Made from the containers' states; tells when there is something new to write.</summary>
internal sealed class PodStatus(RunningPod pod, TimeProvider time)
{
    private readonly string startTime = Text(time.GetUtcNow());
    private string readySince = Text(time.GetUtcNow());
    private bool wasReady;
    private JsonObject? made;
    private JsonObject? written;

    /// <summary>The status to write; null when it stands already.</summary>
    public JsonObject? Next()
    {
        var states = pod.Containers.Select(container => (Container: container, container.State)).ToList();
        var ready = states.TrueForAll(one => one.State.Ready);
        if (ready != wasReady)
        {
            (wasReady, readySince) = (ready, Text(time.GetUtcNow()));
        }

        made = new JsonObject
        {
            ["phase"] = states.TrueForAll(one => one.State.StartedAt is not null) ? "Running" : "Pending",
            ["hostIP"] = PodFields.Address,
            ["podIP"] = PodFields.Address,
            ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = PodFields.Address }),
            ["startTime"] = startTime,
            ["conditions"] = new JsonArray(
                Condition("ContainersReady", ready, readySince),
                Condition("Initialized", true, startTime),
                Condition("PodScheduled", true, startTime),
                Condition("Ready", ready, readySince)),
            ["containerStatuses"] = new JsonArray([.. states.Select(one => Container(one.Container, one.State))]),
        };
        return JsonNode.DeepEquals(made, written) ? null : (JsonObject)made.DeepClone();
    }

    public void Written() => written = made;

    private static JsonObject Condition(string type, bool holds, string since) => WithoutNulls(new JsonObject
    {
        ["type"] = type,
        ["status"] = holds ? "True" : "False",
        ["reason"] = holds ? null : "ContainersNotReady",
        ["lastTransitionTime"] = since,
    });

    private static JsonNode Container(ContainerRun container, ContainerState state) => WithoutNulls(new JsonObject
    {
        ["name"] = container.Name,
        ["image"] = container.Image,
        ["imageID"] = "",
        ["containerID"] = state.ProcessId is { } id ? $"process://{id}" : null,
        ["ready"] = state.Ready,
        ["started"] = state.Waiting is null,
        ["restartCount"] = state.Restarts,
        ["state"] = state.Waiting is { } waiting
            ? Only("waiting", new JsonObject { ["reason"] = waiting.Reason, ["message"] = waiting.Message })
            : Only("running", new JsonObject { ["startedAt"] = Text(state.StartedAt!.Value) }),
        ["lastState"] = state.Last is { } last ? Only("terminated", Terminated(last)) : new JsonObject(),
    });

    private static JsonObject Terminated(Termination last) => new()
    {
        ["exitCode"] = last.ExitCode,
        ["reason"] = last.Reason,
        ["message"] = last.LastLine,
        ["startedAt"] = Text(last.StartedAt),
        ["finishedAt"] = Text(last.FinishedAt),
    };

    private static JsonObject Only(string name, JsonObject value) => new() { [name] = WithoutNulls(value) };

    private static JsonObject WithoutNulls(JsonObject value)
    {
        foreach (var name in value.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList())
        {
            value.Remove(name);
        }

        return value;
    }

    private static string Text(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
