// What carries a connection's bytes: TCP, TLS or a WebSocket.
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace ServerlessEventing.Local.ServiceBus.Amqp;

/// <summary>A stream both ways, whose sending half can be ended first.</summary>
internal sealed class AmqpTransport : IDisposable
{
    private const int SocketBuffer = 256 * 1024;
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);
    private readonly Func<Task> _endOutput;

    private AmqpTransport(Stream stream, Func<Task> endOutput)
    {
        Stream = stream;
        _endOutput = endOutput;
    }

    public Stream Stream { get; }

    /// <summary>With a certificate the peer has to speak TLS, and is dropped when it does not.</summary>
    public static async Task<AmqpTransport> OverAsync(Socket socket, X509Certificate2? certificate)
    {
        socket.NoDelay = true;
        socket.ReceiveBufferSize = SocketBuffer;
        socket.SendBufferSize = SocketBuffer;
        var network = new NetworkStream(socket, ownsSocket: true);
        if (certificate is null)
        {
            return new AmqpTransport(network, () => EndAsync(socket));
        }

        var secure = new SslStream(network);
        try
        {
            using var limit = new CancellationTokenSource(HandshakeLimit);
            await secure.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = certificate,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                },
                limit.Token);
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }

        return new AmqpTransport(secure, async () =>
        {
            await secure.ShutdownAsync();
            await EndAsync(socket);
        });
    }

    public static AmqpTransport Over(WebSocket socket) => new(
        WebSocketStream.Create(socket, WebSocketMessageType.Binary, ownsWebSocket: true),
        () => socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None));

    public Task EndOutputAsync() => _endOutput();

    public void Dispose() => Stream.Dispose();

    private static Task EndAsync(Socket socket)
    {
        socket.Shutdown(SocketShutdown.Send);
        return Task.CompletedTask;
    }
}
