// One keep-alive HTTP/1.1 connection that posts ready-made bytes: a client cheap enough not to be what is measured.
using System.Net.Sockets;
using System.Text;

namespace ServerlessEventing.Bench.Load;

/// <summary>Sends a request, reads its whole answer, and gives its status.</summary>
internal sealed class PostConnection : IDisposable
{
    private readonly Uri target;
    private readonly byte[] buffer = new byte[16 * 1024];
    private Socket? socket;

    public PostConnection(Uri target) => this.target = target;

    public async ValueTask<int> PostAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        socket ??= await ConnectAsync(cancellationToken);
        for (var sent = 0; sent < request.Length;)
        {
            sent += await socket.SendAsync(request[sent..], cancellationToken);
        }

        var length = 0;
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                throw new IOException($"{target} closed the connection in the middle of an answer.");
            }

            length += read;
            if (Status(buffer.AsSpan(0, length), out var closes) is { } status)
            {
                if (closes)
                {
                    Dispose();
                }

                return status;
            }

            if (length == buffer.Length)
            {
                throw new IOException($"{target} answered more than {buffer.Length} bytes.");
            }
        }
    }

    public void Dispose()
    {
        socket?.Dispose();
        socket = null;
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var opened = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await opened.ConnectAsync(target.Host, target.Port, cancellationToken);
        return opened;
    }

    /// <summary>The status once the answer is complete, by its length or its last chunk.</summary>
    private static int? Status(ReadOnlySpan<byte> answer, out bool closes)
    {
        closes = false;
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }

        var head = Encoding.ASCII.GetString(answer[..end]);
        var body = answer[(end + 4)..];
        var complete = Header(head, "Transfer-Encoding") is not null
            ? body.EndsWith("0\r\n\r\n"u8)
            : body.Length >= int.Parse(Header(head, "Content-Length") ?? "0");
        closes = Header(head, "Connection")?.Equals("close", StringComparison.OrdinalIgnoreCase) == true;
        return complete ? int.Parse(head.AsSpan(9, 3)) : null;
    }

    private static string? Header(string head, string name)
    {
        var at = head.IndexOf($"\r\n{name}:", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        var start = at + name.Length + 3;
        var end = head.IndexOf("\r\n", start, StringComparison.Ordinal);
        return (end < 0 ? head[start..] : head[start..end]).Trim();
    }
}
