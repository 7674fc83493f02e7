// What one POST makes of the ways a subscriber can answer.
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.CloudEvents;
using ServerlessEventing.Functions.Delivery;
using ServerlessEventing.Functions.Publishing;
using ServerlessEventing.Functions.Routing;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class SubscriberClientTests : IDisposable
{
    // Nothing is sent to the bus here; only its size limit is asked for.
    private const string NoBus =
        "Endpoint=sb://localhost;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;";

    private readonly TrustedClients clients;
    private readonly SubscriberClient client;

    public SubscriberClientTests() => (clients, client) = Client(new(allowLoopback: true, []));

    public void Dispose() => clients.Dispose();

    [Theory]
    [InlineData("127.0.0.1", OutcomeKind.Refused)]
    [InlineData("localhost", OutcomeKind.Retryable)]
    public async Task Post_AddressThatIsNotCalled_FailsWithoutACall(string host, object kind)
    {
        await using var subscriber = await Subscriber.StartAsync();
        var (strictClients, strict) = Client(new(allowLoopback: false, []));
        using var owned = strictClients;
        var address = new UriBuilder(subscriber.Address) { Host = host }.Uri;
        var outcome = await PostAsync(address, through: strict);
        Assert.Equal(kind, outcome.Kind);
        Assert.Equal(500, outcome.Status);
        Assert.Contains(
            "not called",
            Encoding.UTF8.GetString(Convert.FromBase64String(outcome.ErrorData!)),
            StringComparison.Ordinal);
        Assert.Empty(subscriber.Received);
    }

    [Theory]
    [InlineData(200, OutcomeKind.Delivered)]
    [InlineData(301, OutcomeKind.Refused)]
    [InlineData(307, OutcomeKind.Refused)]
    [InlineData(401, OutcomeKind.Refused)]
    [InlineData(404, OutcomeKind.Retryable)]
    [InlineData(503, OutcomeKind.Retryable)]
    public async Task Post_Status_IsTheOutcomeAndNoRedirectIsFollowed(int status, object kind)
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "/elsewhere";
            return Task.CompletedTask;
        });
        var outcome = await PostAsync(subscriber.Address);
        Assert.Equal(kind, outcome.Kind);
        Assert.Equal(status, outcome.Status);
        Assert.Single(subscriber.Received);
    }

    [Fact]
    public async Task Post_NoAnswerInTime_IsRetryable()
    {
        await using var subscriber = await Subscriber.StartAsync(
            (context, _) => new TaskCompletionSource().Task.WaitAsync(context.RequestAborted));
        var outcome = await PostAsync(subscriber.Address, timeout: TimeSpan.FromMilliseconds(200));
        Assert.Equal(OutcomeKind.Retryable, outcome.Kind);
        Assert.Equal(500, outcome.Status);
    }

    [Theory]
    [InlineData(429, true)]
    [InlineData(503, true)]
    [InlineData(500, false)]
    public async Task Post_RetryAfter_IsReadWhereItCounts(int status, bool counts)
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "7";
            return Task.CompletedTask;
        });
        var outcome = await PostAsync(subscriber.Address);
        Assert.Equal(counts ? TimeSpan.FromSeconds(7) : null, outcome.RetryAfter);
    }

    [Theory]
    [InlineData("application/cloudevents+json", "{", OutcomeKind.Retryable)]
    [InlineData("application/cloudevents+xml", "<x/>", OutcomeKind.Retryable)]
    [InlineData("text/plain", "", OutcomeKind.Delivered)]
    [InlineData("text/plain", "ok", OutcomeKind.Retryable)]
    public async Task Post_AnswerNotAnEvent_IsAFailureUnlessEmpty(string contentType, string body, object kind)
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
        {
            context.Response.ContentType = contentType;
            return context.Response.WriteAsync(body);
        });
        Assert.Equal(kind, (await PostAsync(subscriber.Address)).Kind);
    }

    [Fact]
    public async Task Post_ReplyWithoutEnd_IsNotReadToIt()
    {
        await using var subscriber = await Subscriber.StartAsync(async (context, _) =>
        {
            context.Response.ContentType = "application/cloudevents+json";
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(new string(' ', 64 * 1024), context.RequestAborted);
            }
        });
        var outcome = await PostAsync(subscriber.Address);
        Assert.Equal(OutcomeKind.Refused, outcome.Kind);
        Assert.Equal(502, outcome.Status);
    }

    [Fact]
    public async Task Post_Https_OnlyWithTheDestinationsCertificates()
    {
        using var certificate = SelfSigned();
        var port = FreePort.Next();
        await using var server = Serve(port, certificate, HttpProtocols.Http1AndHttp2, _ => { });
        await server.StartAsync();
        var address = Https(port);
        Assert.Equal(OutcomeKind.Retryable, (await PostAsync(address)).Kind);
        var outcome = await PostAsync(address, caCerts: certificate.ExportCertificatePem());
        Assert.Equal(OutcomeKind.Delivered, outcome.Kind);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1AndHttp2, "HTTP/2")]
    [InlineData(HttpProtocols.Http1, "HTTP/1.1")]
    public async Task Post_Https_SpeaksWhatTheSubscriberOffers(HttpProtocols offered, string spoken)
    {
        using var certificate = SelfSigned();
        var port = FreePort.Next();
        var protocol = "";
        await using var server = Serve(port, certificate, offered, context => protocol = context.Request.Protocol);
        await server.StartAsync();
        var outcome = await PostAsync(Https(port), caCerts: certificate.ExportCertificatePem());
        Assert.Equal(OutcomeKind.Delivered, outcome.Kind);
        Assert.Equal(spoken, protocol);
    }

    private static Uri Https(int port) =>
        new(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{port}/"));

    private static (TrustedClients Clients, SubscriberClient Client) Client(EgressSafety safety)
    {
        var clients = new TrustedClients(safety);
        var publisher = new BusPublisher(new ServiceBusClient(NoBus), NullLogger<BusPublisher>.Instance);
        return (clients, new(clients, safety, publisher, TimeProvider.System));
    }

    private Task<DeliveryOutcome> PostAsync(
        Uri address, TimeSpan? timeout = null, string? caCerts = null, SubscriberClient? through = null)
    {
        var route = new EgressRoute(new()
        {
            Uid = "u",
            Kind = EgressKind.Trigger,
            Namespace = "ns",
            Name = "t",
            Lane = "lane",
            Destination = new() { Uri = address.ToString(), CaCerts = caCerts },
            Delivery = new() { Timeout = timeout ?? Eventually.DefaultDeadline },
        });
        List<EventAttribute> attributes =
        [
            new(AttributeName.SpecVersion, "1.0"), new(AttributeName.Id, "1"),
            new(AttributeName.Source, "/s"), new(AttributeName.Type, "t"),
        ];
        Assert.True(CloudEvent.TryCreate(attributes, default, out var cloudEvent, out _));
        return (through ?? client).PostAsync(
            route, route.Subscriber!, cloudEvent, [], wantsReply: true, CancellationToken.None);
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private static WebApplication Serve(
        int port, X509Certificate2 certificate, HttpProtocols protocols, Action<HttpContext> look)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = protocols;
            listen.UseHttps(certificate);
        }));
        var app = builder.Build();
        app.Run(context =>
        {
            look(context);
            return Task.CompletedTask;
        });
        return app;
    }
}
