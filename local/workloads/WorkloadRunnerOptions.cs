// What the runner works with.
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ServerlessEventing.Local.Workloads;

/// <summary>Options of <see cref="WorkloadRunner"/>.</summary>
public sealed record WorkloadRunnerOptions
{
    /// <summary>The Kubernetes API: base address, trust and credentials. The runner disposes it.</summary>
    public required HttpClient Api { get; init; }

    /// <summary>The images that can run here; every other one makes its Deployment say so.</summary>
    public required IReadOnlyList<LocalImage> Images { get; init; }

    /// <summary><c>spec.nodeName</c> of the Pods this runner keeps; those of another node are not touched.</summary>
    public string NodeName { get; init; } = "this-machine";

    /// <summary>Variables of this machine that every container gets; its own go before them.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets each line a container writes, as it comes; a slow taker slows the container.</summary>
    public Action<OutputLine> Output { get; init; } = _ => { };

    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>One line of a container's output.</summary>
public sealed record OutputLine(string Namespace, string Deployment, string Pod, string Text);
