// Connection strings and the tokens made from them.
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using ServerlessEventing.ServiceBus.Authorization;
using ServerlessEventing.ServiceBus.Tests.Broker;
using ServerlessEventing.Testing;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class SharedAccessTests
{
    private const string Key = "c2VjcmV0IGtleQ==";

    [Fact]
    public async Task Token_IsSignedAsTheServiceChecksIt()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_900_000_000));
        var credential = new SharedAccessKeyCredential("Root Key", Key, time);
        var token = await credential.GetTokenAsync("sb://Mine.servicebus.windows.net/Orders", default);

        const string resource = "sb%3A%2F%2Fmine.servicebus.windows.net%2Forders";
        var hash = HMACSHA256.HashData(
            Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes($"{resource}\n1900003600"));
        var signature = Uri.EscapeDataString(Convert.ToBase64String(hash));
        Assert.Equal(
            $"SharedAccessSignature sr={resource}&sig={signature}&se=1900003600&skn=Root%20Key", token.Value);
        Assert.Equal("servicebus.windows.net:sastoken", token.CbsType);
        Assert.Equal(1_900_003_600, token.ExpiresOn.ToUnixTimeSeconds());
        Assert.DoesNotContain(signature, token.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_IsPutForEachEntityOnce()
    {
        using var broker = new TestBroker();
        broker.AddQueue("a");
        broker.AddQueue("b");
        await using var client = new ServiceBusClient(broker.ConnectionString);
        await using var a = client.CreateSender("a");
        await using var b = client.CreateSender("b");
        await using var again = client.CreateSender("a");
        await a.SendMessageAsync(new("x"));
        await b.SendMessageAsync(new("x"));
        await again.SendMessageAsync(new("x"));

        Assert.Equal(
            ["sb://127.0.0.1/a", "sb://127.0.0.1/b"],
            broker.Tokens.Select(token => (string)token.ApplicationProperties["name"]));
        Assert.All(broker.Tokens, token =>
        {
            Assert.Equal("put-token", token.ApplicationProperties["operation"]);
            Assert.Equal("servicebus.windows.net:sastoken", token.ApplicationProperties["type"]);
            Assert.StartsWith("SharedAccessSignature sr=sb%3a%2f%2f127.0.0.1", (string)token.Body,
                StringComparison.OrdinalIgnoreCase);
        });
    }

    [Fact]
    public async Task Token_BeforeItExpires_IsRenewed()
    {
        using var broker = new TestBroker();
        broker.AddQueue("a");
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var client = new ServiceBusClient(broker.ConnectionString, new() { TimeProvider = time });
        await using var sender = client.CreateSender("a");
        await sender.SendMessageAsync(new("x"));
        Assert.Single(broker.Tokens);
        time.Advance(TimeSpan.FromMinutes(50));

        await Eventually.True(() => broker.Tokens.Count == 2, "a second token is put");
        await sender.SendMessageAsync(new("x"));
        Assert.Equal(1, broker.Connects);
    }

    [Fact]
    public async Task Token_ThatCannotBeRenewed_IsPutOnce()
    {
        using var broker = new TestBroker();
        broker.AddQueue("a");
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var expiry = (time.GetUtcNow() + TimeSpan.FromMinutes(10)).ToUnixTimeSeconds();
        await using var client = new ServiceBusClient(
            $"Endpoint=sb://127.0.0.1:{broker.Port};UseDevelopmentEmulator=true;"
            + $"SharedAccessSignature=SharedAccessSignature sr=a&sig=b&se={expiry}&skn=c",
            new() { TimeProvider = time });
        await using var sender = client.CreateSender("a");
        await sender.SendMessageAsync(new("x"));
        time.Advance(TimeSpan.FromMinutes(2));
        time.Advance(TimeSpan.FromMinutes(10));

        await using var late = client.CreateSender("a");
        await late.SendMessageAsync(new("x"));

        // Once at the start and once, expired, for the second link: this broker does not mind.
        Assert.Equal(2, broker.Tokens.Count);
    }

    [Theory]
    [InlineData("", "connectionString")]
    [InlineData("Endpoint=sb://host", "SharedAccessKeyName")]
    [InlineData("SharedAccessKeyName=a;SharedAccessKey=b", "Endpoint")]
    [InlineData("Endpoint=sb://host;SharedAccessKeyName=a;SharedAccessKey=b;nonsense", "Name=Value")]
    [InlineData(
        "Endpoint=sb://host;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=maybe", "true or false")]
    [InlineData("Endpoint=sb://host;SharedAccessSignature=nonsense", "SharedAccessSignature sr=")]
    [InlineData("Endpoint=sb://host;Authentication=Magic", "'Managed Identity' or 'Default'")]
    [InlineData("Endpoint=sb://host;Authentication=Default;SharedAccessKeyName=a;SharedAccessKey=b", "must be one")]
    public void ConnectionString_Wrong_SaysWhatAndNeverTheKey(string text, string expected)
    {
        var exception = Assert.ThrowsAny<Exception>(() => new ServiceBusClient(text));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SharedAccessKey=b", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Endpoint=sb://mine.servicebus.windows.net/", 5671, "https://mine.servicebus.windows.net/")]
    [InlineData("Endpoint=sb://localhost:5771", 5771, "https://localhost:5771/")]
    [InlineData("Endpoint=sb://localhost;UseDevelopmentEmulator=true", 5672, "http://localhost:5300/")]
    [InlineData("Endpoint=sb://localhost:5672;UseDevelopmentEmulator=true", 5672, "http://localhost:5300/")]
    [InlineData("Endpoint=sb://localhost:6300;UseDevelopmentEmulator=TRUE", 6300, "http://localhost:6300/")]
    [InlineData("Endpoint=localhost;UseDevelopmentEmulator=true", 5672, "http://localhost:5300/")]
    public void ConnectionString_Endpoint_DecidesPorts(string text, int amqpPort, string management)
    {
        var properties = ServiceBusConnectionStringProperties.Parse(
            $"{text};SharedAccessKeyName=Root;SharedAccessKey={Key}");
        Assert.Equal(amqpPort, properties.AmqpPort);
        Assert.Equal(management, properties.ManagementEndpoint.AbsoluteUri);
        Assert.DoesNotContain(Key, properties.ToString(), StringComparison.Ordinal);
    }
}
