// The routing table as JSON: source-generated, camelCase, unknown members ignored.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ServerlessEventing.Contract.Routing;

/// <summary>Reads and writes the routing table as UTF-8 JSON.</summary>
public static class RoutingTableJson
{
    /// <summary>Writes <paramref name="table"/>; the same table always gives the same bytes.</summary>
    public static byte[] Serialize(RoutingTable table) =>
        JsonSerializer.SerializeToUtf8Bytes(table, RoutingTableContext.Default.RoutingTable);

    /// <summary>Writes the same bytes to <paramref name="stream"/>, never holding all of them.</summary>
    public static void Serialize(Stream stream, RoutingTable table) =>
        JsonSerializer.Serialize(stream, table, RoutingTableContext.Default.RoutingTable);

    /// <summary>Reads a table.</summary>
    /// <exception cref="JsonException">Not a routing table; the message says where.</exception>
    /// <exception cref="NotSupportedException">Written for a newer reader than this build.</exception>
    public static RoutingTable Deserialize(ReadOnlySpan<byte> utf8)
    {
        var table = JsonSerializer.Deserialize(utf8, RoutingTableContext.Default.RoutingTable)
            ?? throw new JsonException("The routing table is null.");
        return table.MinReader <= RoutingTable.CurrentReader
            ? table
            : throw new NotSupportedException(
                $"The routing table needs reader {table.MinReader}; this build is {RoutingTable.CurrentReader}.");
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(RoutingTable))]
internal sealed partial class RoutingTableContext : JsonSerializerContext;
