// Keeps the published table in a ConfigMap, so that a restarted operator and starting functions find it.
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Routing;

/// <summary>ConfigMap <c>eventing-routing</c>: the generation as text, the table as gzip in binaryData.</summary>
public sealed partial class RoutingStore(
    ClusterClient client, string @namespace, TimeProvider time, ILogger logger)
{
    public const string Name = "eventing-routing";
    private const string TableKey = "table.json.gz";
    private const string GenerationKey = "generation";

    // etcd takes about 1.5 MB an object; base64 adds a third.
    private const int MaxCompressed = 700_000;

    private ResourceKey Key => new(@namespace, Name);

    /// <summary>
    /// The table as last saved. Where none is, an empty one whose generation is the time in seconds: should someone
    /// have deleted the ConfigMap, generations still do not fall.
    /// </summary>
    public async Task<RoutingTable> LoadAsync(CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync(ResourceTypes.ConfigMap, Key, cancellationToken);
        if (answer.IsMissing)
        {
            return RoutingTable.Empty with { Generation = time.GetUtcNow().ToUnixTimeSeconds() };
        }

        var map = answer.Require($"ConfigMap {Key}").Json;
        _ = long.TryParse(map.Text("data", GenerationKey), out var generation);
        try
        {
            var table = map.NonEmpty("binaryData", TableKey) is { } packed
                ? RoutingTableJson.Deserialize(Unpack(Convert.FromBase64String(packed)))
                : RoutingTable.Empty;
            return table with { Generation = Math.Max(generation, table.Generation) };
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidDataException
            or NotSupportedException)
        {
            Log.Unreadable(logger, Key, error.Message);
            return RoutingTable.Empty with
            {
                Generation = Math.Max(generation, time.GetUtcNow().ToUnixTimeSeconds()),
            };
        }
    }

    /// <summary>Saves a snapshot; only then may anyone see it.</summary>
    public async Task SaveAsync(RoutingSnapshot snapshot, CancellationToken cancellationToken)
    {
        var packed = snapshot.Packed;
        if (packed.Length > MaxCompressed)
        {
            Log.TooLarge(logger, Key, packed.Length);
        }

        var content = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = @namespace },
            ["data"] = new JsonObject { [GenerationKey] = snapshot.Generation.ToString() },
            ["binaryData"] = packed.Length > MaxCompressed
                ? null
                : new JsonObject { [TableKey] = JsonValue.Create(packed) },
        };
        var answer = await client.PatchAsync(ResourceTypes.ConfigMap, Key, content, cancellationToken);
        if (answer.IsMissing)
        {
            answer = await client.CreateAsync(ResourceTypes.ConfigMap, content, cancellationToken);
        }

        answer.Require($"ConfigMap {Key}");
    }

    private static byte[] Unpack(byte[] bytes)
    {
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error,
            Message = "ConfigMap {Key} cannot be read ({Why}): starting from an empty routing table")]
        public static partial void Unreadable(ILogger logger, ResourceKey key, string why);

        [LoggerMessage(Level = LogLevel.Warning,
            Message = "The routing table is too large for ConfigMap {Key} ({Bytes} bytes): its generation is kept")]
        public static partial void TooLarge(ILogger logger, ResourceKey key, int bytes);
    }
}
