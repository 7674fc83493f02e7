// What the autoscaler works with.
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ServerlessEventing.Local.Workloads.Scaling;

/// <summary>Options of <see cref="Autoscaler"/>.</summary>
public sealed record AutoscalerOptions
{
    /// <summary>The Kubernetes API, which must serve <c>keda.sh/v1alpha1</c>. The autoscaler disposes it.</summary>
    public required HttpClient Api { get; init; }

    /// <summary>Who is asked for the counts of a trigger, by the trigger's <c>type</c>.</summary>
    public required IReadOnlyDictionary<string, ScalerQuestion> Scalers { get; init; }

    /// <summary>Every period is divided by this, so that minutes of a cluster can be seen in seconds.</summary>
    public int Speed { get; init; } = 1;

    /// <summary>Told of every change it makes.</summary>
    public Action<ScaleChange> Scaled { get; init; } = _ => { };

    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>The replicas of a Deployment before and after.</summary>
public sealed record ScaleChange(string Namespace, string Deployment, int From, int To);
