// An invocation's body on the wire: JSON without a length, so that HTTP/1.1 sends it chunked as the real host does.
using System.Net;
using System.Net.Http.Headers;

namespace ServerlessEventing.Local.FunctionsHost.Invocations;

/// <summary>Sends bytes that stay where they are; the caller keeps them until the answer is there.</summary>
internal sealed class EnvelopeContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> bytes;

    public EnvelopeContent(ReadOnlyMemory<byte> bytes)
    {
        this.bytes = bytes;
        Headers.ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" };
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        stream.WriteAsync(bytes).AsTask();

    protected override Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        stream.WriteAsync(bytes, cancellationToken).AsTask();

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
