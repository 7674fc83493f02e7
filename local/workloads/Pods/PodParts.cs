// What the Pods of one Deployment share.
namespace ServerlessEventing.Local.Workloads.Pods;

/// <summary>The runner's parts as its Pods need them.</summary>
internal sealed record PodParts
{
    /// <summary>The Deployment they belong to.</summary>
    public required string Deployment { get; init; }

    public required ContainerEnvironment Environment { get; init; }

    /// <summary>Variables of this machine, under the container's own.</summary>
    public required IReadOnlyDictionary<string, string> Machine { get; init; }

    /// <summary>Asks readiness probes.</summary>
    public required HttpMessageInvoker Probes { get; init; }

    public required Action<OutputLine> Output { get; init; }

    /// <summary>Called whenever a container's state changes.</summary>
    public required Action Changed { get; init; }

    /// <summary>Cancelled when everything ends: nobody waits for long graces then.</summary>
    public required CancellationToken Hurry { get; init; }

    public required TimeProvider Time { get; init; }
}
