// What stands on this machine for a container image.
namespace ServerlessEventing.Local.Workloads;

/// <summary>
/// An entry of the image table. <paramref name="Name"/> is the end of an image's repository
/// (<c>event-display</c> stands for <c>ghcr.io/me/event-display:1</c> too); the command is asked for at
/// each start.
/// </summary>
public sealed record LocalImage(string Name, Func<ContainerPlace, LocalCommand> Command)
{
    /// <summary>Whether it serves the port it is given: ready when that answers. Else it is ready at once.</summary>
    public bool Listens { get; init; } = true;

    /// <summary>Whether a container's <c>image</c> means this entry, whatever its registry, tag and digest.</summary>
    public bool StandsFor(string image)
    {
        var end = image.IndexOf('@', StringComparison.Ordinal);
        var repository = end < 0 ? image : image[..end];
        var colon = repository.LastIndexOf(':');
        if (colon > repository.LastIndexOf('/'))
        {
            repository = repository[..colon];
        }

        return repository == Name || repository.EndsWith($"/{Name}", StringComparison.Ordinal);
    }
}

/// <summary>
/// The program an image stands for. Its <paramref name="Arguments"/> come before the container's own.
/// </summary>
public sealed record LocalCommand(string Executable, params IReadOnlyList<string> Arguments)
{
    /// <summary>Set over the container's own variables: where this machine differs from a cluster.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>Which container of which Pod is being started, and the loopback port it is to serve.</summary>
public sealed record ContainerPlace(string Namespace, string Deployment, string Pod, string Container, int Port)
{
    /// <summary>The Pod's service account: who its programs are to the API server.</summary>
    public string ServiceAccount { get; init; } = "default";
}
