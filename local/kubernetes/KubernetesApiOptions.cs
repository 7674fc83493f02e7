// Where and how the API server runs.
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ServerlessEventing.Local.Kubernetes;

/// <summary>Options of <see cref="KubernetesApi"/>.</summary>
public sealed record KubernetesApiOptions
{
    /// <summary>Objects, certificates and token are kept here; made when missing.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The loopback port; 0 takes any free one.</summary>
    public int Port { get; init; }

    /// <summary>Where to write the kubeconfig; `kubeconfig` in the data folder when null.</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>What `kubectl logs` reads; null when nobody runs Pods beside this server.</summary>
    public PodLogs? PodLogs { get; init; }

    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
