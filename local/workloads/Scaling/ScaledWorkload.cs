// Keeps one Deployment at the size that its ScaledObject asks for.
using System.Text.Json.Nodes;
using ServerlessEventing.Local.Workloads.Cluster;

namespace ServerlessEventing.Local.Workloads.Scaling;

/// <summary>
/// What is remembered between two looks, and one look:
/// <code>
///   every pollingInterval   1 ask all triggers ─► 2 KEDA's answer: 0 or not ─► status
///   every 15 s              3 the autoscaler's answer: 1 to max, never below what it said within the window
/// </code>
/// </summary>
internal sealed class ScaledWorkload(ApiConnection api, AutoscalerOptions options)
{
    private static readonly TimeSpan Sync = TimeSpan.FromSeconds(15);

    private readonly List<(DateTimeOffset At, int Replicas)> said = [];
    private IReadOnlyList<ScalerAnswer> answers = [];
    private DateTimeOffset? polledAt;
    private DateTimeOffset? syncedAt;
    private DateTimeOffset? lastActive;

    /// <summary>Does what is due.</summary>
    public async Task StepAsync(JsonObject item, CancellationToken cancellationToken)
    {
        var scaled = ScaledObject.Read(item, options.Speed);
        var now = options.TimeProvider.GetUtcNow();
        lastActive ??= scaled.LastActive;
        var isPoll = IsDue(polledAt, scaled.PollingInterval, now);
        if (!isPoll && !IsDue(syncedAt, Sync / options.Speed, now))
        {
            return;
        }

        var path = $"/apis/apps/v1/namespaces/{scaled.Namespace}/deployments/{scaled.Target}/scale";
        var scale = await api.GetAsync(path, cancellationToken);
        var problem = scaled.Problem ?? (scale.IsSuccess ? null : scale.Message);
        var current = (int)(scale.Body.Number("spec", "replicas") ?? 0);
        if (isPoll)
        {
            polledAt = now;
            answers = await AskAsync(scaled.Triggers, cancellationToken);
            lastActive = answers.Any(answer => answer.IsActive) ? now : lastActive;
            await ReportAsync(item, scaled, problem, cancellationToken);
        }

        if (problem is not null)
        {
            return;
        }

        var wanted = isPoll ? Activated(scaled, current, now) : current;
        if (wanted == current && current > 0 && IsDue(syncedAt, Sync / options.Speed, now))
        {
            syncedAt = now;
            wanted = await RecommendedAsync(scaled, current, isPoll, now, cancellationToken);
        }

        if (wanted != current)
        {
            var patch = new JsonObject { ["spec"] = new JsonObject { ["replicas"] = wanted } };
            if ((await api.PatchAsync(path, patch, cancellationToken)).IsSuccess)
            {
                options.Scaled(new ScaleChange(scaled.Namespace, scaled.Target, current, wanted));
            }
        }
    }

    private static bool IsDue(DateTimeOffset? last, TimeSpan period, DateTimeOffset now) =>
        last is null || now - last >= period;

    private async Task<IReadOnlyList<ScalerAnswer>> AskAsync(
        IEnumerable<ScaleTrigger> triggers, CancellationToken cancellationToken)
    {
        var all = new List<ScalerAnswer>();
        foreach (var trigger in triggers)
        {
            all.Add(options.Scalers.TryGetValue(trigger.Type, out var ask)
                ? await ask(trigger.Metadata, cancellationToken)
                : new ScalerAnswer { Problem = $"no scaler found for type: {trigger.Type}" });
        }

        return all;
    }

    private int Activated(ScaledObject scaled, int current, DateTimeOffset now)
    {
        var isCooled = lastActive is { } active
            ? now - active > scaled.Cooldown
            : now - scaled.CreatedAt > scaled.InitialCooldown;
        var wanted = ReplicaFormula.Activated(current, answers, isCooled, scaled.Min);
        if (wanted == 0)
        {
            said.Clear();
        }

        return wanted;
    }

    private async Task<int> RecommendedAsync(
        ScaledObject scaled, int current, bool justAsked, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var isFresh = justAsked || scaled.Triggers.All(trigger => trigger.UsesCache);
        var counts = isFresh ? answers : await AskAsync(scaled.Triggers, cancellationToken);
        var wanted = ReplicaFormula.Recommended(current, counts, scaled.Min, scaled.Max);
        said.RemoveAll(one => now - one.At >= scaled.ScaleDownWindow);
        said.Add((now, wanted));
        return wanted >= current ? wanted : Math.Min(current, said.Max(one => one.Replicas));
    }

    private async Task ReportAsync(
        JsonObject item, ScaledObject scaled, string? problem, CancellationToken cancellationToken)
    {
        problem ??= answers.Select(answer => answer.Problem).FirstOrDefault(one => one is not null);
        var status = new JsonObject
        {
            ["conditions"] = new JsonArray(
                Condition("Ready", problem is null, problem is null ? "ScaledObjectReady" : "TriggerError",
                    problem ?? "ScaledObject is defined correctly and is ready for scaling"),
                answers.Any(answer => answer.IsActive)
                    ? Condition("Active", true, "ScalerActive", "Scaling is performed because triggers are active")
                    : Condition(
                        "Active",
                        false,
                        "ScalerNotActive",
                        "Scaling is not performed because triggers are not active")),
        };
        if (lastActive is { } active)
        {
            status["lastActiveTime"] = active.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        }

        if (status.Any(pair => !JsonNode.DeepEquals(pair.Value, item.At("status", pair.Key))))
        {
            await api.PatchAsync(
                $"/apis/keda.sh/v1alpha1/namespaces/{scaled.Namespace}/scaledobjects/{scaled.Name}/status",
                new JsonObject { ["status"] = status },
                cancellationToken);
        }
    }

    private static JsonObject Condition(string type, bool status, string reason, string message) => new()
    {
        ["type"] = type,
        ["status"] = status ? "True" : "False",
        ["reason"] = reason,
        ["message"] = message,
    };
}
