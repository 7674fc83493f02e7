// What the administration client says over HTTP, and what it makes of the answers.
using System.Diagnostics;
using System.Xml.Linq;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.ServiceBus.Tests.Broker;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class ManagementTests : IAsyncLifetime
{
    private const string RuleOfTheService = """
        <Filter i:type="CorrelationFilter" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Label>l</Label>
        <Properties><KeyValueOfstringanyType>
        <Key>a</Key><Value i:type="d6p1:int" xmlns:d6p1="http://www.w3.org/2001/XMLSchema">5</Value>
        </KeyValueOfstringanyType></Properties></Filter>
        <Action i:type="EmptyRuleAction" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"/><Name>r</Name>
        """;

    private static readonly XNamespace Bus = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect";

    private ManagementEndpoint endpoint = null!;
    private ServiceBusAdministrationClient client = null!;

    public async ValueTask InitializeAsync()
    {
        endpoint = await ManagementEndpoint.StartAsync();
        client = new(endpoint.ConnectionString, new()
        {
            RetryOptions = new() { Delay = TimeSpan.FromMilliseconds(1), MaxRetries = 3 },
        });
    }

    public ValueTask DisposeAsync() => endpoint.DisposeAsync();

    [Fact]
    public async Task CreateQueue_ElementsInTheOrderOfTheService_WithTokens()
    {
        endpoint.Then(201, ManagementEndpoint.Entry("lane", ManagementEndpoint.Description("QueueDescription")));
        await client.CreateQueueAsync(new CreateQueueOptions("lane")
        {
            LockDuration = TimeSpan.FromSeconds(30),
            RequiresDuplicateDetection = true,
            ForwardTo = "next",
            ForwardDeadLetteredMessagesTo = "dead",
            UserMetadata = "mine <&>",
            DefaultMessageTimeToLive = TimeSpan.FromDays(1),
            AutoDeleteOnIdle = TimeSpan.FromHours(1),
            MaxMessageSizeInKilobytes = 1024,
        });

        Assert.True(endpoint.Requests.TryDequeue(out var request));
        Assert.Equal("PUT", request.Method);
        Assert.Equal("/lane?api-version=2021-05", request.Target);
        Assert.Contains("sr=sb%3A%2F%2F127.0.0.1%2Flane&", request.Headers["Authorization"], StringComparison.Ordinal);
        Assert.Contains(
            "%2Fnext&", request.Headers["ServiceBusSupplementaryAuthorization"], StringComparison.Ordinal);
        Assert.Contains(
            "%2Fdead&", request.Headers["ServiceBusDlqSupplementaryAuthorization"], StringComparison.Ordinal);
        Assert.False(request.Headers.ContainsKey("If-Match"));
        var description = XElement.Parse(request.Body).Descendants(Bus + "QueueDescription").Single();
        Assert.Equal(
            [
                "LockDuration", "MaxSizeInMegabytes", "RequiresDuplicateDetection", "RequiresSession",
                "DefaultMessageTimeToLive", "DeadLetteringOnMessageExpiration", "DuplicateDetectionHistoryTimeWindow",
                "MaxDeliveryCount", "EnableBatchedOperations", "Status", "ForwardTo", "UserMetadata",
                "AutoDeleteOnIdle", "EnablePartitioning", "ForwardDeadLetteredMessagesTo", "MaxMessageSizeInKilobytes",
            ],
            description.Elements().Select(element => element.Name.LocalName));
        Assert.Equal("PT30S", description.Element(Bus + "LockDuration")!.Value);
        Assert.Equal("sb://127.0.0.1/next", description.Element(Bus + "ForwardTo")!.Value);
        Assert.Equal("mine <&>", description.Element(Bus + "UserMetadata")!.Value);
    }

    [Fact]
    public async Task UpdateQueue_KeepsAccessRules()
    {
        const string rules = "<AuthorizationRules><AuthorizationRule>kept</AuthorizationRule></AuthorizationRules>";
        endpoint.Then(200, ManagementEndpoint.Entry(
            "lane",
            ManagementEndpoint.Description("QueueDescription", rules + "<ForwardTo>sb://h:1/next</ForwardTo>")));
        var queue = await client.GetQueueAsync("lane");
        Assert.Equal("next", queue.ForwardTo);
        queue.MaxDeliveryCount = 100;
        await client.UpdateQueueAsync(queue);

        var request = endpoint.Requests.Last();
        Assert.Equal("*", request.Headers["If-Match"]);
        Assert.Contains("kept", request.Body, StringComparison.Ordinal);
        Assert.Contains(">100<", request.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateSubscription_WithRule_PutsItInside()
    {
        endpoint.Then(201, ManagementEndpoint.Entry("s", ManagementEndpoint.Description("SubscriptionDescription")));
        await client.CreateSubscriptionAsync(
            new CreateSubscriptionOptions("t", "s"),
            new CreateRuleOptions("egress", new SqlRuleFilter("a > 'ß'")) { Action = new SqlRuleAction("SET x = 1") });

        Assert.True(endpoint.Requests.TryDequeue(out var request));
        Assert.Equal("/t/Subscriptions/s?api-version=2021-05", request.Target);
        var rule = XElement.Parse(request.Body).Descendants(Bus + "DefaultRuleDescription").Single();
        Assert.Equal(["Filter", "Action", "Name"], rule.Elements().Select(element => element.Name.LocalName));
        Assert.Equal("a > 'ß'", rule.Element(Bus + "Filter")!.Element(Bus + "SqlExpression")!.Value);
        Assert.Equal("egress", rule.Element(Bus + "Name")!.Value);
    }

    [Fact]
    public async Task GetRule_OfTheService_IsRead()
    {
        endpoint.Then(
            200, ManagementEndpoint.Entry("r", ManagementEndpoint.Description("RuleDescription", RuleOfTheService)));
        var rule = await client.GetRuleAsync("t", "s", "r");
        var expected = new CorrelationRuleFilter { Subject = "l" };
        expected.ApplicationProperties["a"] = 5;
        Assert.Equal(expected, rule.Filter);
        Assert.Null(rule.Action);
    }

    [Fact]
    public void Rules_ThatDifferInCaseOnly_AreNotEqual()
    {
        Assert.True(new SqlRuleFilter("a = 'x'") == new SqlRuleFilter("a = 'x'"));
        Assert.False(new SqlRuleFilter("a = 'x'") == new SqlRuleFilter("a = 'X'"));
        Assert.False(new CorrelationRuleFilter("x") == new CorrelationRuleFilter("X"));
        Assert.False(new SqlRuleAction("SET a = 'x'") == new SqlRuleAction("SET a = 'X'"));
        Assert.False(new SqlRuleFilter("1=1") == new TrueRuleFilter());
    }

    [Fact]
    public async Task GetQueue_EmptyFeed_IsNotFound()
    {
        endpoint.Then(200, ManagementEndpoint.Feed([]));
        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => client.GetQueueAsync("nowhere"));
        Assert.Equal(ServiceBusFailureReason.MessagingEntityNotFound, exception.Reason);
        Assert.False(await client.QueueExistsAsync("nowhere"));
        Assert.False(await client.TopicExistsAsync("nowhere"));
    }

    [Theory]
    [InlineData(404, "x", ServiceBusFailureReason.MessagingEntityNotFound, 1)]
    [InlineData(409, "SubCode=40900. exists", ServiceBusFailureReason.MessagingEntityAlreadyExists, 1)]
    [InlineData(409, "SubCode=40901. Another conflicting operation", ServiceBusFailureReason.GeneralError, 4)]
    [InlineData(403, "quota", ServiceBusFailureReason.QuotaExceeded, 1)]
    [InlineData(429, "slow down", ServiceBusFailureReason.ServiceBusy, 4)]
    [InlineData(503, "slow down", ServiceBusFailureReason.ServiceBusy, 4)]
    [InlineData(500, "oops", ServiceBusFailureReason.GeneralError, 4)]
    [InlineData(504, "late", ServiceBusFailureReason.ServiceTimeout, 4)]
    public async Task CreateQueue_Refused_SaysWhyAndTriesAgainWhereThatHelps(
        int status, string detail, ServiceBusFailureReason reason, int requests)
    {
        endpoint.Then(status, $"<Error><Code>{status}</Code><Detail>{detail}</Detail></Error>");
        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => client.CreateQueueAsync("lane"));
        Assert.Equal(reason, exception.Reason);
        Assert.Contains(detail, exception.Message, StringComparison.Ordinal);
        Assert.Equal(requests, endpoint.Requests.Count);
    }

    [Fact]
    public async Task CreateQueue_BadRequest_NamesTheEntity()
    {
        endpoint.Then(400, "<Error><Code>400</Code><Detail>The value is wrong</Detail></Error>");
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => client.CreateQueueAsync("lane"));
        Assert.Contains("lane: The value is wrong", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Busy_RetryAfter_IsHonoured()
    {
        endpoint.Then(429, "", retryAfter: "1");
        endpoint.Then(200, ManagementEndpoint.Entry("lane", ManagementEndpoint.Description("QueueDescription")));
        var watch = Stopwatch.StartNew();
        await client.GetQueueAsync("lane");
        Assert.InRange(watch.ElapsedMilliseconds, 950, 30_000);
    }

    [Fact]
    public async Task GetQueues_MoreThanAPage_AreAllListed()
    {
        string Page(int from, int count) => ManagementEndpoint.Feed(Enumerable.Range(from, count).Select(i =>
            ManagementEndpoint.Entry($"q{i}", ManagementEndpoint.Description("QueueDescription"))));
        endpoint.Then(200, Page(0, 100));
        endpoint.Then(200, Page(100, 5));
        var names = new List<string>();
        await foreach (var queue in client.GetQueuesAsync())
        {
            names.Add(queue.Name);
        }

        Assert.Equal(Enumerable.Range(0, 105).Select(i => $"q{i}"), names);
        Assert.Contains("$skip=100&$top=100", endpoint.Requests.Last().Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NobodyThere_IsACommunicationProblem()
    {
        await endpoint.DisposeAsync();
        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => client.GetQueueAsync("lane"));
        Assert.Equal(ServiceBusFailureReason.ServiceCommunicationProblem, exception.Reason);
    }
}
