// One Pod of ours: its record in the API and the processes that are its containers.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;

namespace ServerlessEventing.Local.Workloads.Pods;

/// <summary>The processes start when it is made and end when it is disposed.</summary>
internal sealed class RunningPod : IAsyncDisposable
{
    private readonly PodStatus status;

    public RunningPod(JsonObject pod, string hash, IReadOnlyList<LocalImage> images, PodParts parts)
    {
        Record = pod;
        Hash = hash;
        Containers =
        [
            .. pod.Objects("spec", "containers").Zip(images, (container, image) =>
                new ContainerRun(pod, container, image, parts)),
        ];
        status = new PodStatus(this, parts.Time);
    }

    /// <summary>The Pod as it was made.</summary>
    public JsonObject Record { get; }

    /// <summary>Of the template it was made from.</summary>
    public string Hash { get; }

    public IReadOnlyList<ContainerRun> Containers { get; }

    public bool IsReady => Containers.All(container => container.State.Ready);

    /// <summary>Whether our copy of the cluster has shown its record: then its absence means deletion.</summary>
    public bool WasSeen { get; set; }

    /// <summary>The record is gone: the Pod is to end and another to take its place.</summary>
    public bool IsDeleted { get; set; }

    /// <summary>What keeps it from being ready, in words.</summary>
    public string? Trouble => Containers
        .Select(container => (container.Name, container.State))
        .Where(one => !one.State.Ready)
        .Select(one => one.State switch
        {
            { Last: { } last, Waiting.Reason: "CrashLoopBackOff" } =>
                $"container {one.Name} ended with code {last.ExitCode}: {last.LastLine ?? "it wrote nothing"}",
            { Waiting: { } waiting } => $"container {one.Name}: {waiting.Reason} {waiting.Message}".TrimEnd(),
            _ => $"container {one.Name} does not answer on its port yet",
        })
        .FirstOrDefault();

    /// <summary>Writes the record's status where it differs from the last one written.</summary>
    public async Task ReportAsync(ApiConnection api, CancellationToken cancellationToken)
    {
        if (status.Next() is not { } next)
        {
            return;
        }

        var path = $"/api/v1/namespaces/{Record.Namespace()}/pods/{Record.Name()}";
        var answer = await api.PatchAsync($"{path}/status", new JsonObject { ["status"] = next }, cancellationToken);
        if (answer.IsNotFound)
        {
            IsDeleted = true;
        }
        else if (answer.IsSuccess)
        {
            status.Written();
        }
    }

    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(Containers.Select(container => container.DisposeAsync().AsTask()));
}
