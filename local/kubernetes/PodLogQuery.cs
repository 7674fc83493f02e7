// Where the output of Pods comes from: whoever runs them gives it, this server only serves it.
namespace ServerlessEventing.Local.Kubernetes;

/// <summary>
/// Gives the lines a container wrote, oldest first, or null when it does not run that Pod, container or run. With
/// <see cref="PodLogQuery.Follow"/> the lines go on until the container ends.
/// </summary>
public delegate IAsyncEnumerable<(DateTimeOffset At, string Text)>? PodLogs(
    PodLogQuery query, CancellationToken cancellationToken);

/// <summary>Which lines of which container; an empty container means the Pod's first.</summary>
public sealed record PodLogQuery(string Namespace, string Pod, string Container)
{
    /// <summary>Of the run before the present one.</summary>
    public bool Previous { get; init; }

    public bool Follow { get; init; }

    /// <summary>Only the last lines; null: all that are kept.</summary>
    public int? Tail { get; init; }
}
