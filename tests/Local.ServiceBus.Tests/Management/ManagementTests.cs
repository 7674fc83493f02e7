// The management API as its clients see it on the wire.
using System.Net;
using System.Xml.Linq;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.ServiceBus.Tests.Management;

/// <summary>A whole emulator on free ports.</summary>
public sealed class ManagementTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private ServiceBusEmulator _emulator = null!;
    private ManagementClient _client = null!;

    public async ValueTask InitializeAsync() => await StartAsync();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _emulator.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Health_Running_SaysSoWithoutAToken()
    {
        using var http = new HttpClient();
        Assert.Contains("healthy", await http.GetStringAsync($"http://localhost:{_emulator.ManagementPort}/health"));
    }

    [Fact]
    public async Task Metrics_AskedFor_AreTheCountersOfPrometheus()
    {
        await _client.PutAsync("metered", $"<QueueDescription{ManagementClient.Ns}></QueueDescription>");
        await using var client = new ServiceBusClient(_emulator.ConnectionString);
        await using var sender = client.CreateSender("metered");
        await sender.SendMessageAsync(new ServiceBusMessage("x"));
        using var http = new HttpClient();
        var lines = (await http.GetStringAsync($"http://localhost:{_emulator.ManagementPort}/$metrics")).Split('\n');
        Assert.Contains("servicebus_emulator_messages_accepted_total 1", lines);
        Assert.Contains("servicebus_emulator_duplicates_dropped_total 0", lines);
        Assert.Contains("servicebus_emulator_quirks_total{quirk=\"Throttling\"} 0", lines);
    }

    [Fact]
    public async Task Token_WithAnotherKey_IsRefused()
    {
        using var stranger = new ManagementClient(_emulator, "another key");
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("$Resources/Queues")).Status);
    }

    [Fact]
    public async Task Rules_WithWhatXmlCannotCarry_AreListedAllTheSame()
    {
        await _client.PutAsync("t", $"<TopicDescription{ManagementClient.Ns}></TopicDescription>");
        await _client.PutAsync(
            "t/Subscriptions/s", $"<SubscriptionDescription{ManagementClient.Ns}></SubscriptionDescription>");
        var connection = await new ConnectionFactory().CreateAsync(
            new Address($"amqp://RootManageSharedAccessKey:SAS_KEY_VALUE@localhost:{_emulator.AmqpPort}"));
        var session = new Session(connection);
        await new SenderLink(session, "rules", "t/Subscriptions/s/$management").SendAsync(
            new Message(new Map
            {
                ["rule-name"] = "odd",
                ["rule-description"] = new Map
                {
                    ["correlation-filter"] = new Map { ["label"] = "bell \u0007 and \U0001F514" },
                },
            })
            {
                Properties = new Properties { MessageId = "1", ReplyTo = "nobody" },
                ApplicationProperties = new ApplicationProperties { ["operation"] = "com.microsoft:add-rule" },
            },
            TimeSpan.FromSeconds(20));

        await Eventually.True(
            async () =>
            {
                var body = (await _client.GetAsync("t/Subscriptions/s/Rules")).Body;
                XDocument.Parse(body);
                return body.Contains("bell \uFFFD and \U0001F514", StringComparison.Ordinal);
            },
            "the rule is listed, its bell replaced");
        await connection.CloseAsync();
    }

    [Fact]
    public async Task Queue_CreatedThenReadAfterARestart_HasItsSettings()
    {
        await _client.CreateQueueAsync(
            "a/b", "<LockDuration>PT45S</LockDuration><MaxDeliveryCount>7</MaxDeliveryCount>" +
            "<UserMetadata>mine &lt;x&gt;</UserMetadata>");
        await RestartAsync();
        var (status, body) = await _client.GetAsync("a/b");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("<LockDuration>PT45S</LockDuration>", body);
        Assert.Contains("<MaxDeliveryCount>7</MaxDeliveryCount>", body);
        Assert.Contains("<UserMetadata>mine &lt;x&gt;</UserMetadata>", body);
        Assert.Contains("<DefaultMessageTimeToLive>P10675199DT2H48M5.4775807S</DefaultMessageTimeToLive>", body);
        Assert.Contains("<CountDetails xmlns:d2p1=\"http://schemas.microsoft.com/netservices/2011/06/servicebus\">" +
            "<d2p1:ActiveMessageCount>0</d2p1:ActiveMessageCount>", body);
        Assert.Contains("<title type=\"text\">a/b</title>", body);
    }

    [Fact]
    public async Task Queue_CreatedTwice_Conflicts()
    {
        await _client.CreateQueueAsync("q");
        var (status, body) = await _client.PutAsync("Q", $"<QueueDescription{ManagementClient.Ns}/>");

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("SubCode=40900", body);
    }

    [Fact]
    public async Task Queue_Missing_IsAnEmptyFeed()
    {
        var (status, body) = await _client.GetAsync("nowhere");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("Publicly Listed Services", body);
        Assert.DoesNotContain("<entry", body);
    }

    [Fact]
    public async Task Queue_ForwardToNothing_IsRefusedWithWhatToDo()
    {
        var (status, body) = await _client.PutAsync(
            "q", $"<QueueDescription{ManagementClient.Ns}><ForwardTo>sb://x/none</ForwardTo></QueueDescription>");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("'none' does not exist", body);
    }

    [Fact]
    public async Task Queue_WithSessionsAndForwardTo_IsRefusedWithWhatToDo()
    {
        await _client.CreateQueueAsync("target");
        var (status, body) = await _client.PutAsync(
            "q",
            $"<QueueDescription{ManagementClient.Ns}><RequiresSession>true</RequiresSession>"
                + "<ForwardTo>sb://x/target</ForwardTo></QueueDescription>");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("set RequiresSession or ForwardTo, not both", body);
    }

    [Fact]
    public async Task Update_OfWhatCannotChange_IsRefused()
    {
        await _client.CreateQueueAsync("q");
        var (status, body) = await _client.PutAsync(
            "q", $"<QueueDescription{ManagementClient.Ns}><RequiresSession>true</RequiresSession></QueueDescription>",
            update: true);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("RequiresSession cannot be changed", body);
    }

    [Fact]
    public async Task Subscription_WithDefaultRule_HasThatRuleAndNoOther()
    {
        await _client.PutAsync("t", $"<TopicDescription{ManagementClient.Ns}/>");
        var (created, _) = await _client.PutAsync(
            "t/Subscriptions/s", $"<SubscriptionDescription{ManagementClient.Ns}>" +
            "<DefaultRuleDescription><Filter i:type=\"CorrelationFilter\"><Label>l</Label><Properties>" +
            "<KeyValueOfstringanyType><Key>n</Key>" +
            "<Value i:type=\"l28:int\" xmlns:l28=\"http://www.w3.org/2001/XMLSchema\">5" +
            "</Value></KeyValueOfstringanyType></Properties></Filter>" +
            "<Action i:type=\"SqlRuleAction\"><SqlExpression>SET x = 1" +
            "</SqlExpression></Action><Name>egress</Name></DefaultRuleDescription></SubscriptionDescription>");
        var (_, rules) = await _client.GetAsync("t/Subscriptions/s/Rules/");

        Assert.Equal(HttpStatusCode.Created, created);
        Assert.Equal(2, rules.Split("<entry>").Length);
        Assert.Contains("<Name>egress</Name>", rules);
        Assert.Contains("i:type=\"d6p1:int\">5</Value>", rules);
        Assert.Contains("<SqlExpression>SET x = 1</SqlExpression>", rules);
    }

    [Fact]
    public async Task Rule_ThatDoesNotParse_IsRefusedWithItsPosition()
    {
        await _client.PutAsync("t", $"<TopicDescription{ManagementClient.Ns}/>");
        await _client.PutAsync("t/Subscriptions/s", $"<SubscriptionDescription{ManagementClient.Ns}/>");
        var (status, body) = await _client.PutAsync(
            "t/Subscriptions/s/Rules/r", $"<RuleDescription{ManagementClient.Ns}>" +
            "<Filter i:type=\"SqlFilter\"><SqlExpression>a = = 1</SqlExpression></Filter></RuleDescription>");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("Position 5", body);
    }

    [Fact]
    public async Task List_MoreThanAPage_LinksToTheNext()
    {
        for (var index = 0; index < 5; index++)
        {
            await _client.CreateQueueAsync("q" + index);
        }

        var (_, first) = await _client.GetAsync("$Resources/Queues?$skip=0&$top=3");
        var (_, second) = await _client.GetAsync("$Resources/Queues?$skip=3&$top=3");
        Assert.Equal(4, first.Split("<entry>").Length);
        Assert.Contains("rel=\"next\"", first);
        Assert.Contains("$skip=3&amp;$top=3", first);
        Assert.Equal(3, second.Split("<entry>").Length);
        Assert.DoesNotContain("rel=\"next\"", second);
    }

    [Theory]
    [InlineData("<entry")]
    [InlineData("<!DOCTYPE x [<!ENTITY a \"b\">]><entry>&a;</entry>")]
    [InlineData("<entry xmlns=\"http://www.w3.org/2005/Atom\"/>")]
    public async Task Put_OfNoDescription_IsABadRequest(string body) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await _client.PutRawAsync("q", body)).Status);

    [Fact]
    public async Task Start_OnATakenPort_NamesThePort()
    {
        using var folder = new TempFolder();
        var refusal = await Assert.ThrowsAsync<EmulatorStartException>(() => ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = folder.Path, AmqpPort = _emulator.AmqpPort },
            CancellationToken.None));

        Assert.Contains($"Port {_emulator.AmqpPort}", refusal.Message);
    }

    [Fact]
    public async Task Start_OnAFolderInUse_NamesTheFolder()
    {
        var refusal = await Assert.ThrowsAsync<EmulatorStartException>(() => ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = _folder.Path }, CancellationToken.None));

        Assert.Contains(_folder.Path, refusal.Message);
    }

    private async Task StartAsync()
    {
        _emulator = await ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions { DataFolder = _folder.Path }, CancellationToken.None);
        _client = new ManagementClient(_emulator);
    }

    private async Task RestartAsync()
    {
        _client.Dispose();
        await _emulator.DisposeAsync();
        await StartAsync();
    }
}
