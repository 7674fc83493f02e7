// A routing table as it is published: packed once, unpacked only for who cannot do it.
using System.Buffers.Binary;
using System.IO.Compression;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Operator.Routing;

/// <summary>
/// One generation of the table, gzipped. Plain, 1,000 Triggers are a megabyte, and four such tables a second can be
/// published: arrays of that size wait for the rarest of collections, so none is made.
/// </summary>
public sealed record RoutingSnapshot(long Generation, byte[] Packed)
{
    /// <summary>Bytes of the document unpacked: the last four bytes of a gzip member (RFC 1952, ISIZE).</summary>
    public long Length => BinaryPrimitives.ReadUInt32LittleEndian(Packed.AsSpan(^4..));

    public static RoutingSnapshot Of(RoutingTable table)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            RoutingTableJson.Serialize(gzip, table);
        }

        return new RoutingSnapshot(table.Generation, packed.ToArray());
    }

    /// <summary>The document, unpacked as it is read.</summary>
    public Stream Open() => new GZipStream(new MemoryStream(Packed, writable: false), CompressionMode.Decompress);
}
