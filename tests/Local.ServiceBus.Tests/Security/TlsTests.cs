// Both ports with a certificate: amqps, https, and AMQP in a WebSocket over either.
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Amqp;
using ServerlessEventing.Local.ServiceBus.Tests.Management;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Security;

/// <summary>A whole emulator with a certificate of its own making, which these clients trust and no other.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly X509Certificate2 _certificate = Certificate();
    private ServiceBusEmulator _emulator = null!;

    public async ValueTask InitializeAsync() => _emulator = await ServiceBusEmulator.StartAsync(
        new ServiceBusEmulatorOptions { DataFolder = _folder.Path, Certificate = _certificate },
        CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _emulator.DisposeAsync();
        _certificate.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Amqps_WithTheCertificate_SendsAndReceives()
    {
        using (var management = Management())
        {
            await management.CreateQueueAsync("q");
        }

        var factory = new ConnectionFactory();
        factory.SSL.RemoteCertificateValidationCallback = (_, certificate, _, _) => IsOurs(certificate);
        var connection = await factory.CreateAsync(
            new Address($"amqps://RootManageSharedAccessKey:SAS_KEY_VALUE@localhost:{_emulator.AmqpPort}"));
        var session = new Session(connection);
        await new SenderLink(session, "s", "q").SendAsync(new Message("over TLS"), TimeSpan.FromSeconds(20));

        var message = await new ReceiverLink(session, "r", "q").ReceiveAsync(TimeSpan.FromSeconds(20));

        Assert.Equal("over TLS", message.Body);
        await connection.CloseAsync();
        Assert.DoesNotContain("UseDevelopmentEmulator", _emulator.ConnectionString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PlainText_WhereTlsIsSpoken_IsDropped()
    {
        await Assert.ThrowsAnyAsync<Exception>(() => new ConnectionFactory().CreateAsync(
            new Address($"amqp://RootManageSharedAccessKey:SAS_KEY_VALUE@localhost:{_emulator.AmqpPort}"))
            .WaitAsync(TimeSpan.FromSeconds(30)));
        using var http = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(
            () => http.GetStringAsync($"http://localhost:{_emulator.ManagementPort}/health"));
    }

    [Fact]
    public async Task WebSocket_OverTls_AnswersInTheSubprotocolItWasAskedFor()
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("AMQPWSB10");
        socket.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) => IsOurs(certificate);
        await socket.ConnectAsync(
            new Uri($"wss://localhost:{_emulator.ManagementPort}/$servicebus/websocket/"), CancellationToken.None);
        byte[] header = [.. "AMQP"u8, 3, 1, 0, 0];
        await socket.SendAsync(header, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);

        var answer = new byte[8];
        await using var stream = WebSocketStream.Create(socket, WebSocketMessageType.Binary);
        await stream.ReadExactlyAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal("AMQPWSB10", socket.SubProtocol);
        Assert.Equal(header, answer);
    }

    private ManagementClient Management() => new(
        _emulator,
        new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) => IsOurs(certificate),
        });

    private bool IsOurs(X509Certificate? certificate) =>
        certificate?.GetCertHashString() == _certificate.GetCertHashString();

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(
            "CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(
            new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }
}
