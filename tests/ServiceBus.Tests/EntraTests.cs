// Microsoft Entra identities: which one is meant, what is put on the wire, and when a newer token is asked for.
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.ServiceBus.Authorization;
using ServerlessEventing.ServiceBus.Tests.Broker;
using ServerlessEventing.Testing;
using AccessToken = Azure.Core.AccessToken;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class EntraTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Identity_OverTls_PutsOneJwtForAllEntities()
    {
        using var certificate = Certificate();
        using var broker = new TestBroker(certificate);
        broker.AddQueue("a");
        broker.AddQueue("b");
        var credential = new StandInCredential(TimeProvider.System);
        await using var client = new ServiceBusClient(
            $"127.0.0.1:{broker.Port}",
            credential,
            new() { CertificateValidationCallback = (_, shown, _, _) => shown!.Equals(certificate) });
        await using var a = client.CreateSender("a");
        await using var b = client.CreateSender("b");
        await a.SendMessageAsync(new("x"));
        await b.SendMessageAsync(new("x"));

        Assert.Equal(["sb://127.0.0.1/a", "sb://127.0.0.1/b"], broker.Tokens.Select(Named("name")));
        Assert.Equal(["jwt", "jwt"], broker.Tokens.Select(Named("type")));
        Assert.Equal(["token-1", "token-1"], broker.Tokens.Select(token => token.Body));
        Assert.Equal(["https://servicebus.azure.net/.default"], credential.Scopes);
    }

    [Fact]
    public async Task Certificate_ThatNobodyTrusts_IsRefusedAtOnce()
    {
        using var certificate = Certificate();
        using var broker = new TestBroker(certificate);
        broker.AddQueue("a");
        await using var client = new ServiceBusClient(
            $"127.0.0.1:{broker.Port}", new StandInCredential(TimeProvider.System));
        await using var sender = client.CreateSender("a");

        var refused = await Assert.ThrowsAsync<ServiceBusException>(() => sender.SendMessageAsync(new("x")));

        Assert.Contains("TLS failed", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.IsTransient);
        Assert.Empty(broker.Tokens);
    }

    [Fact]
    public async Task Token_BeforeItExpires_IsRenewedOnTheSameConnection()
    {
        using var broker = new TestBroker();
        broker.AddQueue("a");
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var credential = new StandInCredential(time);
        await using var client = new ServiceBusClient(Plain(broker), credential, new() { TimeProvider = time });
        await using var sender = client.CreateSender("a");
        await sender.SendMessageAsync(new("x"));
        time.Advance(TimeSpan.FromMinutes(30));
        await sender.SendMessageAsync(new("x"));
        Assert.Single(broker.Tokens);
        time.Advance(TimeSpan.FromMinutes(20));

        await Eventually.True(() => broker.Tokens.Count == 2, "a second token is put");

        Assert.Equal("token-2", broker.Tokens.Last().Body);
        Assert.Equal(1, broker.Connects);
    }

    [Fact]
    public async Task Token_OfAFewMinutes_IsRenewedAtHalfTime()
    {
        using var broker = new TestBroker();
        broker.AddQueue("a");
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var credential = new StandInCredential(time) { Validity = TimeSpan.FromMinutes(4) };
        await using var client = new ServiceBusClient(Plain(broker), credential, new() { TimeProvider = time });
        await using var sender = client.CreateSender("a");
        await sender.SendMessageAsync(new("x"));
        time.Advance(TimeSpan.FromMinutes(1));
        time.Advance(TimeSpan.FromSeconds(90));

        await Eventually.True(() => broker.Tokens.Count == 2, "a second token is put");

        Assert.Equal(2, credential.Scopes.Count);
    }

    [Fact]
    public async Task Emulator_WithoutAuth_TakesIdentities_AndOtherwiseRefusesThem()
    {
        using var folder = new TempFolder();
        foreach (var noAuth in (bool[])[true, false])
        {
            await using var emulator = await ServiceBusEmulator.StartAsync(
                new() { DataFolder = folder.Path, NoAuth = noAuth }, CancellationToken.None);
            var credential = new StandInCredential(TimeProvider.System);
            var administration = new ServiceBusAdministrationClient(Plain(emulator.ManagementPort), credential, null);
            await using var client = new ServiceBusClient(Plain(emulator.AmqpPort), credential, null);
            await using var sender = client.CreateSender("orders");
            if (noAuth)
            {
                await administration.CreateQueueAsync("orders");
                await sender.SendMessageAsync(new("x"));
                await using var receiver = client.CreateReceiver("orders");
                Assert.Equal("x", (await receiver.ReceiveMessageAsync(Patience))?.Body.ToString());
            }
            else
            {
                await Assert.ThrowsAsync<UnauthorizedAccessException>(() => administration.GetQueueAsync("orders"));
                await Assert.ThrowsAsync<UnauthorizedAccessException>(() => sender.SendMessageAsync(new("x")));
            }
        }
    }

    [Fact]
    public async Task Management_WithIdentity_SendsBearer()
    {
        await using var endpoint = await ManagementEndpoint.StartAsync();
        endpoint.Then(201, ManagementEndpoint.Entry("q", ManagementEndpoint.Description("QueueDescription")));
        var port = ServiceBusConnectionStringProperties.Parse(endpoint.ConnectionString).Endpoint.Port;
        var administration = new ServiceBusAdministrationClient(
            Plain(port), new StandInCredential(TimeProvider.System), options: null);

        await administration.CreateQueueAsync(new CreateQueueOptions("q") { ForwardTo = "target" });

        var headers = Assert.Single(endpoint.Requests).Headers;
        Assert.Equal("Bearer token-1", headers["Authorization"]);
        Assert.Equal("Bearer token-1", headers["ServiceBusSupplementaryAuthorization"]);
    }

    [Fact]
    public async Task ManagedIdentity_OfAzureIdentity_GivesTheToken()
    {
        const string clientId = "11111111-2222-3333-4444-555555555555";
        using var broker = new TestBroker();
        broker.AddQueue("a");
        await using var platform = await ManagementEndpoint.StartAsync();
        var expiry = TimeProvider.System.GetUtcNow().AddHours(20).ToUnixTimeSeconds();
        platform.Then(200, $$"""
            {"access_token":"from-the-platform","expires_on":"{{expiry}}","resource":"x","token_type":"Bearer"}
            """);
        var port = ServiceBusConnectionStringProperties.Parse(platform.ConnectionString).Endpoint.Port;

        // What Azure Functions and App Service set for their apps.
        Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", $"http://127.0.0.1:{port}/msi/token");
        Environment.SetEnvironmentVariable("IDENTITY_HEADER", "secret");
        try
        {
            await using var client = new ServiceBusClient($"Endpoint=sb://127.0.0.1:{broker.Port};"
                + $"UseDevelopmentEmulator=true;Authentication=Managed Identity;ClientId={clientId}");
            await using var sender = client.CreateSender("a");
            await sender.SendMessageAsync(new("x"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", null);
            Environment.SetEnvironmentVariable("IDENTITY_HEADER", null);
        }

        Assert.Equal("from-the-platform", Assert.Single(broker.Tokens).Body);
        var asked = WebUtility.UrlDecode(Assert.Single(platform.Requests).Target);
        Assert.Contains("resource=https://servicebus.azure.net", asked, StringComparison.Ordinal);
        Assert.Contains($"client_id={clientId}", asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Identity_GivesNoToken_SaysWhoRefused()
    {
        using var broker = new TestBroker();
        broker.AddQueue("a");
        var credential = new StandInCredential(TimeProvider.System)
        {
            Failure = new AuthenticationFailedException("no identity here\nand a long story"),
        };
        await using var client = new ServiceBusClient(Plain(broker), credential, null);
        await using var sender = client.CreateSender("a");

        var refused = await Assert.ThrowsAsync<UnauthorizedAccessException>(() => sender.SendMessageAsync(new("x")));
        Assert.EndsWith("Service Bus: no identity here", refused.Message, StringComparison.Ordinal);

        credential.Failure = null;
        await sender.SendMessageAsync(new("x"));
    }

    [Fact]
    public async Task Identity_FailsToRenew_OldTokenServesOn()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var inner = new StandInCredential(time);
        var credential = new EntraCredential(inner, time);
        var first = await credential.GetTokenAsync("", CancellationToken.None);
        inner.Failure = new AuthenticationFailedException("down");
        time.Advance(TimeSpan.FromMinutes(50));

        Assert.Same(first, await credential.GetTokenAsync("", CancellationToken.None));

        time.Advance(TimeSpan.FromMinutes(20));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(
            async () => await credential.GetTokenAsync("", CancellationToken.None));
    }

    [Theory]
    [InlineData("mine.servicebus.windows.net", null, null, "Endpoint=sb://mine.servicebus.windows.net/ False")]
    [InlineData(null, "here", null, "Endpoint=sb://here/ False")]
    [InlineData(null, "here", "managedidentity", "Endpoint=sb://here/ True")]
    [InlineData(
        "Endpoint=sb://key;SharedAccessKeyName=a;SharedAccessKey=b", "here", null, "Endpoint=sb://key/ ")]
    public void Setting_NamesTheNamespaceOrTheString(string? text, string? host, string? credential, string expected)
    {
        var connection = ServiceBusConnectionSetting.From(name => name switch
        {
            "ServiceBusConnection" => text,
            "ServiceBusConnection__fullyQualifiedNamespace" => host,
            "ServiceBusConnection__credential" => credential,
            _ => null,
        });
        var properties = ServiceBusConnectionStringProperties.Parse(connection!);
        Assert.Equal(expected, $"{properties} {properties.Identity?.ManagedOnly}");
        Assert.Equal(properties.Identity is not null, properties.UsesIdentity);
    }

    private static ServiceBusConnectionStringProperties Plain(TestBroker broker) => Plain(broker.Port);

    private static ServiceBusConnectionStringProperties Plain(int port) => new()
    {
        Endpoint = new Uri($"sb://127.0.0.1:{port}"),
        UseDevelopmentEmulator = true,
    };

    private static Func<Amqp.Message, object> Named(string name) => token => token.ApplicationProperties[name];

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private sealed class StandInCredential(TimeProvider time) : TokenCredential
    {
        public TimeSpan Validity { get; init; } = TimeSpan.FromHours(1);

        public Exception? Failure { get; set; }

        public List<string> Scopes { get; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            if (Failure is { } failure)
            {
                throw failure;
            }

            lock (Scopes)
            {
                Scopes.AddRange(requestContext.Scopes);
                return new($"token-{Scopes.Count}", time.GetUtcNow() + Validity);
            }
        }

        public override ValueTask<AccessToken> GetTokenAsync(
            TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
