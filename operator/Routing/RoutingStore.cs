// Keeps the published table in a ConfigMap, so that a restarted operator and starting functions find it.
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Cluster;
using ServerlessEventing.Operator.Resources;

namespace ServerlessEventing.Operator.Routing;

/// <summary>A table as last saved.</summary>
/// <param name="IsWhole">Whether its entries were there too; else only its generation counts.</param>
public sealed record StoredTable(RoutingTable Table, bool IsWhole);

/// <summary>ConfigMap <c>eventing-routing</c>: the generation as text, the table as gzip in binaryData.</summary>
/// <remarks>
/// <code>
///   fits            generation and table: a restarted operator goes on with it
///   too large       generation alone, Event RoutingTableTooLarge: a restarted operator makes the table anew
///   gone, spoilt    the time in milliseconds as generation: likewise
/// </code>
/// Functions read the table from the operator or a blob, which take any size.
/// </remarks>
public sealed partial class RoutingStore(
    ClusterClient client, EventRecorder events, string @namespace, TimeProvider time, ILogger logger)
{
    public const string Name = "eventing-routing";
    private const string TableKey = "table.json.gz";
    private const string GenerationKey = "generation";

    // etcd takes about 1.5 MB an object; base64 adds a third.
    private const int MaxCompressed = 700_000;

    private bool _tooLarge;

    // Four tables are published a second, and one at each start: a count of milliseconds is above all that were.
    private long GenerationOfNow => time.GetUtcNow().ToUnixTimeMilliseconds();

    private ResourceKey Key => new(@namespace, Name);

    /// <summary>
    /// The table as last saved. Where none is, an empty one whose generation is the time in milliseconds: should
    /// someone have deleted the ConfigMap, generations still rise.
    /// </summary>
    public async Task<StoredTable> LoadAsync(CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync(ResourceTypes.ConfigMap, Key, cancellationToken);
        if (answer.IsMissing)
        {
            return new StoredTable(
                RoutingTable.Empty with { Generation = GenerationOfNow }, IsWhole: false);
        }

        var map = answer.Require($"ConfigMap {Key}").Json;
        _ = long.TryParse(map.Text("data", GenerationKey), out var generation);
        try
        {
            var packed = map.NonEmpty("binaryData", TableKey);
            var table = packed is not null
                ? RoutingTableJson.Deserialize(Unpack(Convert.FromBase64String(packed)))
                : RoutingTable.Empty;
            return new StoredTable(
                table with { Generation = Math.Max(generation, table.Generation) }, IsWhole: packed is not null);
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidDataException
            or NotSupportedException)
        {
            Log.Unreadable(logger, Key, error.Message);
            var later = Math.Max(generation, GenerationOfNow);
            return new StoredTable(RoutingTable.Empty with { Generation = later }, IsWhole: false);
        }
    }

    /// <summary>Saves a snapshot; only then may anyone see it.</summary>
    public async Task SaveAsync(RoutingSnapshot snapshot, CancellationToken cancellationToken)
    {
        var packed = snapshot.Packed;
        var tooLarge = packed.Length > MaxCompressed;
        var content = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = @namespace },
            ["data"] = new JsonObject { [GenerationKey] = snapshot.Generation.ToString() },
            ["binaryData"] = tooLarge
                ? null
                : new JsonObject { [TableKey] = JsonValue.Create(packed) },
        };
        var answer = await client.PatchAsync(ResourceTypes.ConfigMap, Key, content, cancellationToken);
        if (answer.IsMissing)
        {
            if (tooLarge)
            {
                // Null takes a field away in a patch; in something new it is no map.
                content.Remove("binaryData");
            }

            answer = await client.CreateAsync(ResourceTypes.ConfigMap, content, cancellationToken);
        }

        var saved = answer.Require($"ConfigMap {Key}");
        if (tooLarge && !_tooLarge)
        {
            Log.TooLarge(logger, Key, packed.Length, MaxCompressed);
            events.Warning(ResourceTypes.ConfigMap, saved, "RoutingTableTooLarge",
                $"The routing table ({packed.Length} bytes packed) is larger than the {MaxCompressed} bytes kept here: "
                + "only its generation is. A restarted operator makes it anew before it publishes");
        }

        _tooLarge = tooLarge;
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
            Message = "ConfigMap {Key} cannot be read ({Why}): the routing table is made anew")]
        public static partial void Unreadable(ILogger logger, ResourceKey key, string why);

        [LoggerMessage(Level = LogLevel.Warning,
            Message = "The routing table is too large for ConfigMap {Key}: {Bytes} bytes packed, {Most} at most. "
                + "Only its generation is kept")]
        public static partial void TooLarge(ILogger logger, ResourceKey key, int bytes, int most);
    }
}
