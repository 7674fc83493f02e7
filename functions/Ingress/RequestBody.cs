// Reads a request's body once, whole, and never past the limit.
using System.Buffers;

namespace ServerlessEventing.Functions.Ingress;

internal static class RequestBody
{
    private const int FirstChunk = 4096;

    /// <summary>The body, or the problem that stopped it from being read.</summary>
    public static async ValueTask<(ReadOnlyMemory<byte> Body, Problem? Problem)> ReadAsync(
        HttpRequest request, long limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            return (default, Problems.TooLarge(limit));
        }

        try
        {
            return request.ContentLength is { } length
                ? (await ReadKnownAsync(request.Body, (int)length, cancellationToken), null)
                : await ReadUnknownAsync(request.Body, limit, cancellationToken);
        }
        catch (BadHttpRequestException e)
        {
            var problem = e.StatusCode == StatusCodes.Status408RequestTimeout ? Problems.TooSlow : Problems.BrokenBody;
            return (default, problem);
        }
        catch (IOException)
        {
            return (default, Problems.BrokenBody);
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadKnownAsync(
        Stream body, int length, CancellationToken cancellationToken)
    {
        if (length == 0)
        {
            return default;
        }

        // Not from a pool: the client may hold the bytes until the bus has confirmed them, and longer when it failed.
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        await body.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }

    private static async ValueTask<(ReadOnlyMemory<byte> Body, Problem? Problem)> ReadUnknownAsync(
        Stream body, long limit, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(FirstChunk);
        while (true)
        {
            var read = await body.ReadAsync(buffer.GetMemory(FirstChunk), cancellationToken);
            if (read == 0)
            {
                return (buffer.WrittenMemory, null);
            }

            buffer.Advance(read);
            if (buffer.WrittenCount > limit)
            {
                return (default, Problems.TooLarge(limit));
            }
        }
    }
}
