// Reads at most so many bytes of an answer; what a subscriber sends is as hostile as any input.
namespace ServerlessEventing.Functions.Delivery;

internal static class BoundedRead
{
    private const int FirstChunk = 4096;

    /// <summary>The body's first bytes up to <paramref name="limit"/>, and whether that is all of it.</summary>
    public static async ValueTask<(ReadOnlyMemory<byte> Bytes, bool Whole)> ReadAsync(
        HttpContent content, int limit, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength == 0)
        {
            return (default, true);
        }

        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[Math.Min(limit, FirstChunk)];
        var length = 0;
        while (true)
        {
            if (length == buffer.Length)
            {
                if (length == limit)
                {
                    var more = await stream.ReadAsync(new byte[1], cancellationToken);
                    return (buffer, more == 0);
                }

                Array.Resize(ref buffer, (int)Math.Min(limit, 2L * buffer.Length));
            }

            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return (buffer.AsMemory(0, length), true);
            }

            length += read;
        }
    }
}
