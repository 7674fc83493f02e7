// Keeps the Pods of one Deployment as it wants them: how many, of which template, old ones replaced.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;
using ServerlessEventing.Local.Workloads.Pods;

namespace ServerlessEventing.Local.Workloads.Rollouts;

/// <summary>
/// One look at a Deployment:
/// <code>
///   1 Pods whose record is gone leave          2 Recreate: all of an old template leave first
///   3 Pods of this template up to `replicas`   4 for each that is ready one old Pod may leave
/// </code>
/// A rollout starts all its Pods beside the old ones (a surge of 100 %); while none gets ready the old ones stay. So
/// they do when the new template cannot run here.
/// </summary>
internal sealed class DeploymentRun(
    ApiConnection api, string nodeName, IReadOnlyList<LocalImage> table, PodParts parts)
{
    private readonly List<RunningPod> pods = [];

    /// <summary>The Pods that are to serve.</summary>
    public IReadOnlyList<RunningPod> Pods => pods;

    /// <summary>Whether it means to have Pods: some run or are on their way.</summary>
    public bool IsExpected { get; private set; }

    /// <summary>Takes one step; Pods that are to end are added to <paramref name="leaving"/>.</summary>
    public async Task StepAsync(
        JsonObject deployment, Mirror records, List<RunningPod> leaving, CancellationToken cancellationToken)
    {
        var template = PodTemplate.Read(deployment, table);
        var wanted = (int)(deployment.Number("spec", "replicas") ?? 1);

        // :: 1: deleted with kubectl
        Leave(pods.Where(pod => IsGone(pod, records)).ToList(), leaving);

        // :: 2: Recreate
        var runs = template.Problem is null;
        if (runs && deployment.Text("spec", "strategy", "type") == "Recreate")
        {
            Leave(pods.Where(pod => pod.Hash != template.Hash).ToList(), leaving);
        }

        // :: 3: as many as wanted
        var current = pods.Where(pod => pod.Hash == template.Hash).ToList();
        Leave(current.OrderBy(pod => pod.IsReady).Take(current.Count - wanted).ToList(), leaving);
        string? refused = null;
        for (var missing = wanted - current.Count; runs && missing > 0 && refused is null; missing--)
        {
            refused = await AddAsync(template, cancellationToken);
        }

        // :: 4: the old ones
        var ready = pods.Count(pod => pod.Hash == template.Hash && pod.IsReady);
        var old = pods.Where(pod => pod.Hash != template.Hash).ToList();
        Leave(old.OrderBy(pod => pod.IsReady).Take(old.Count - Math.Max(0, wanted - ready)).ToList(), leaving);

        IsExpected = wanted > 0 && (runs || pods.Count > 0);
        await ReportAsync(deployment, template, refused, cancellationToken);
    }

    /// <summary>The Deployment is gone: so are its Pods.</summary>
    public IReadOnlyList<RunningPod> Clear()
    {
        var leaving = pods.ToList();
        pods.Clear();
        return leaving;
    }

    private void Leave(IReadOnlyList<RunningPod> some, List<RunningPod> leaving)
    {
        foreach (var pod in some)
        {
            pods.Remove(pod);
            leaving.Add(pod);
        }
    }

    private static bool IsGone(RunningPod pod, Mirror records)
    {
        var record = records.Find(pod.Record.Namespace(), pod.Record.Name());
        var isThere = record is not null && record.Uid() == pod.Record.Uid() && !record.IsDeleting();
        pod.WasSeen |= isThere;
        return pod.IsDeleted || (pod.WasSeen && !isThere);
    }

    // Null, or why the API server would not have the Pod.
    private async Task<string?> AddAsync(PodTemplate template, CancellationToken cancellationToken)
    {
        var pod = template.NewPod(nodeName);
        var made = await api.CreateAsync(
            $"/api/v1/namespaces/{pod.Namespace()}/pods", pod, cancellationToken);
        if (!made.IsSuccess)
        {
            return made.Message;
        }

        pods.Add(new RunningPod(made.Body!, template.Hash, template.Images, parts));
        return null;
    }

    private async Task ReportAsync(
        JsonObject deployment, PodTemplate template, string? refused, CancellationToken cancellationToken)
    {
        foreach (var pod in pods)
        {
            await pod.ReportAsync(api, cancellationToken);
        }

        var problem = template.Problem ?? (refused is null ? null : ("FailedCreate", refused));
        var status = new DeploymentStatus(deployment, template.Hash, pods, problem, parts.Time.GetUtcNow());
        if (status.Patch() is { } patch)
        {
            await api.PatchAsync(
                $"/apis/apps/v1/namespaces/{deployment.Namespace()}/deployments/{deployment.Name()}/status",
                patch,
                cancellationToken);
        }
    }
}
