// Records Kubernetes Events about our objects, off the reconcilers' path.
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Cluster;

/// <summary>
/// Events are best effort: a bounded queue, one writer, and the same event again within ten minutes only counts up.
/// </summary>
public sealed partial class EventRecorder(ClusterClient client, TimeProvider time, ILogger logger)
{
    private const int MaxRemembered = 4096;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly Channel<Entry> _queue = Channel.CreateBounded<Entry>(
        new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly Dictionary<Entry, Seen> _seen = [];

    public void Normal(ResourceType type, Resource about, string reason, string message) =>
        _queue.Writer.TryWrite(new Entry(type, about.Key, about.Uid, "Normal", reason, message));

    public void Warning(ResourceType type, Resource about, string reason, string message) =>
        _queue.Writer.TryWrite(new Entry(type, about.Key, about.Uid, "Warning", reason, message));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var entry in _queue.Reader.ReadAllAsync(cancellationToken))
            {
                await WriteAsync(entry, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task WriteAsync(Entry entry, CancellationToken cancellationToken)
    {
        try
        {
            var now = time.GetUtcNow();
            var key = new ResourceKey(entry.Namespace, "");
            if (_seen.TryGetValue(entry, out var seen) && now - seen.Last < Window)
            {
                _seen[entry] = seen with { Count = seen.Count + 1, Last = now };
                await client.PatchAsync(
                    ResourceTypes.Event,
                    key with { Name = seen.Name },
                    new JsonObject { ["count"] = seen.Count + 1, ["lastTimestamp"] = Stamp(now) },
                    cancellationToken);
                return;
            }

            if (_seen.Count >= MaxRemembered)
            {
                _seen.Clear();
            }

            var name = $"{entry.About.Name}.{Guid.NewGuid():N}"[..Math.Min(entry.About.Name.Length + 17, 250)];
            _seen[entry] = new Seen(name, 1, now);
            var answer = await client.CreateAsync(ResourceTypes.Event, Json(entry, name, now), cancellationToken);
            if (!answer.IsSuccess)
            {
                Log.Refused(logger, entry.Reason, entry.About, answer.Message);
            }
        }
        catch (HttpRequestException error)
        {
            Log.Refused(logger, entry.Reason, entry.About, error.Message);
        }
    }

    private static JsonObject Json(Entry entry, string name, DateTimeOffset now) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Event",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = entry.Namespace },
        ["involvedObject"] = new JsonObject
        {
            ["apiVersion"] = entry.Type.ApiVersion,
            ["kind"] = entry.Type.Kind,
            ["namespace"] = entry.About.Namespace,
            ["name"] = entry.About.Name,
            ["uid"] = entry.Uid,
        },
        ["type"] = entry.Level,
        ["reason"] = entry.Reason,
        ["message"] = entry.Message.Length > 1000 ? entry.Message[..1000] : entry.Message,
        ["count"] = 1,
        ["firstTimestamp"] = Stamp(now),
        ["lastTimestamp"] = Stamp(now),
        ["source"] = new JsonObject { ["component"] = "eventing-operator" },
        ["reportingComponent"] = "eventing-operator",
        ["reportingInstance"] = Environment.MachineName,
    };

    private static string Stamp(DateTimeOffset at) =>
        at.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private sealed record Entry(
        ResourceType Type, ResourceKey About, string Uid, string Level, string Reason, string Message)
    {
        // Events about cluster-scoped objects live in `default`, as Kubernetes has it.
        public string Namespace => About.Namespace.Length == 0 ? "default" : About.Namespace;
    }

    private sealed record Seen(string Name, int Count, DateTimeOffset Last);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Event {Reason} about {About} was not recorded: {Why}")]
        public static partial void Refused(ILogger logger, string reason, ResourceKey about, string why);
    }
}
