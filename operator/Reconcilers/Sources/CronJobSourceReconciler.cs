// v0.7's CronJobSource: the same table entries as a PingSource, with v0.7's conditions, data and event type.
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Cron;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Controllers;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Reconcilers.Sources;

/// <summary>
/// CronJobSources. Their <c>resources</c> and <c>serviceAccountName</c> were those of an adapter's Deployment; there is
/// none here. Their events are CloudEvents 1.0, where v0.7 sent 0.2.
/// </summary>
public sealed class CronJobSourceReconciler(ReconcilerParts parts) : IObjectReconciler
{
    private const string EventType = "dev.knative.cronjob.event";

    public ResourceType Type => ResourceTypes.CronJobSource;

    public ConditionSet? Conditions { get; } = new("ValidSchedule", "SinkProvided", "Deployed");

    public bool HasFinalizer => false;

    public bool IsOurs(Resource resource) => true;

    public async Task<ReconcileResult> ReconcileAsync(Reconcile work, CancellationToken cancellationToken)
    {
        CronEntries.DropPredecessors(parts, work.Object.Key);
        work.Conditions.MarkTrue("ResourcesCorrect");
        var source = $"/apis/v1/namespaces/{work.Object.Namespace}/cronjobsources/{work.Object.Name}";
        var sink = SourceSinks.Resolve(work, parts);
        var cron = work.Object.Spec.Text("schedule") ?? "";
        if (!CronSchedule.TryParse(cron, "", CronDialect.CronJobSource, out _, out var fault))
        {
            work.Conditions.MarkFalse("ValidSchedule", "Invalid", $"spec.schedule '{cron}': {fault}");
            work.Conditions.MarkUnknown("Deployed", "ScheduleInvalid", "Waiting for a valid schedule");
            return ReconcileResult.Done;
        }

        work.Conditions.MarkTrue("ValidSchedule");
        if (sink is null)
        {
            work.Conditions.MarkUnknown("Deployed", "SinkMissing", "Waiting for the sink to resolve");
            return ReconcileResult.Again(TimeSpan.FromSeconds(30));
        }

        var types = await SourceEventTypes.EnsureOldAsync(
            work, parts, Type, [(EventType, source)], "EventTypeProvided", cancellationToken);
        var schedule = new Schedule
        {
            Uid = work.Object.Uid,
            Generation = work.Object.Generation,
            Cron = cron,
            Dialect = CronDialect.CronJobSource,
            Type = EventType,
            Source = source,
            ContentType = "application/json",
            Data = Data(work.Object.Spec.Text("data") ?? ""),
        };
        return CronEntries.Deploy(work, parts, Type, schedule, sink).Or(types);
    }

    public Task<ReconcileResult> FinalizeAsync(Resource resource, CancellationToken cancellationToken) =>
        Task.FromResult(ReconcileResult.Done);

    public Task ForgetAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        CronEntries.DropPredecessors(parts, key);
        return Task.CompletedTask;
    }

    // A JSON object is sent as it is, anything else as {"body": "…"}.
    private static byte[] Data(string text)
    {
        try
        {
            if (JsonNode.Parse(text) is JsonObject)
            {
                return System.Text.Encoding.UTF8.GetBytes(text);
            }
        }
        catch (JsonException)
        {
            // Wrapped below.
        }

        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["body"] = text });
    }
}
