// A ScaledObject as far as it is followed here, defaults filled in.
using System.Globalization;
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;

namespace ServerlessEventing.Local.Workloads.Scaling;

/// <summary>Defaults are KEDA's and, for the window, the horizontal autoscaler's.</summary>
internal sealed record ScaledObject
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>The Deployment it sizes.</summary>
    public required string Target { get; init; }

    /// <summary>Why it cannot be followed; null when it can.</summary>
    public required string? Problem { get; init; }

    public required int Min { get; init; }

    public required int Max { get; init; }

    public required TimeSpan PollingInterval { get; init; }

    public required TimeSpan Cooldown { get; init; }

    public required TimeSpan InitialCooldown { get; init; }

    /// <summary>A lull shorter than this takes no replica away.</summary>
    public required TimeSpan ScaleDownWindow { get; init; }

    public required IReadOnlyList<ScaleTrigger> Triggers { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>As its status has it: what a run before this one saw.</summary>
    public required DateTimeOffset? LastActive { get; init; }

    public static ScaledObject Read(JsonObject item, int speed)
    {
        var spec = item.At("spec");
        var target = spec.At("scaleTargetRef");
        var kind = target.Text("kind") ?? "Deployment";
        return new ScaledObject
        {
            Namespace = item.Namespace(),
            Name = item.Name(),
            Target = target.Text("name") ?? "",
            Problem = kind == "Deployment" ? null : $"scaleTargetRef.kind is {kind}; only Deployments run here",
            Min = (int)(spec.Number("minReplicaCount") ?? 0),
            Max = (int)(spec.Number("maxReplicaCount") ?? 100),
            PollingInterval = Seconds(spec.Number("pollingInterval") ?? 30, speed),
            Cooldown = Seconds(spec.Number("cooldownPeriod") ?? 300, speed),
            InitialCooldown = Seconds(spec.Number("initialCooldownPeriod") ?? 0, speed),
            ScaleDownWindow = Seconds(
                spec.Number(
                    "advanced", "horizontalPodAutoscalerConfig", "behavior", "scaleDown",
                    "stabilizationWindowSeconds") ?? 300,
                speed),
            Triggers = [.. spec.Objects("triggers").Select(ScaleTrigger.Read)],
            CreatedAt = Time(item.Text("metadata", "creationTimestamp")) ?? DateTimeOffset.MinValue,
            LastActive = Time(item.Text("status", "lastActiveTime")),
        };
    }

    private static TimeSpan Seconds(long seconds, int speed) => TimeSpan.FromSeconds(seconds) / speed;

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null;
}

/// <summary>One source of counts.</summary>
internal sealed record ScaleTrigger(string Type, bool UsesCache, IReadOnlyDictionary<string, string> Metadata)
{
    public static ScaleTrigger Read(JsonObject trigger) => new(
        trigger.Text("type") ?? "", trigger.Flag("useCachedMetrics"), trigger.Pairs("metadata"));
}
