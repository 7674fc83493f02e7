// Administration client and emulator together: everything can be made, read, changed, listed and removed.
using ServerlessEventing.ServiceBus.Administration;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class EmulatorAdministrationTests(EmulatorFixture emulator) : IClassFixture<EmulatorFixture>
{
    private ServiceBusAdministrationClient Client => emulator.Administration;

    [Fact]
    public async Task Namespace_HasAName() =>
        Assert.NotEqual("", (await Client.GetNamespacePropertiesAsync()).Name);

    [Fact]
    public async Task Queue_FromCreationToDeletion()
    {
        var target = await emulator.AddQueueAsync();
        var name = $"queue-{Guid.NewGuid():N}";
        var created = await Client.CreateQueueAsync(new CreateQueueOptions(name)
        {
            LockDuration = TimeSpan.FromSeconds(45),
            MaxDeliveryCount = 100,
            RequiresDuplicateDetection = true,
            DuplicateDetectionHistoryTimeWindow = TimeSpan.FromMinutes(5),
            DeadLetteringOnMessageExpiration = true,
            DefaultMessageTimeToLive = TimeSpan.FromDays(7),
            ForwardTo = target,
            ForwardDeadLetteredMessagesTo = target,
            UserMetadata = "{\"owner\":\"<me>\"}",
        });
        Assert.Equal(name, created.Name);
        var got = await Client.GetQueueAsync(name);
        Assert.Equal(TimeSpan.FromSeconds(45), got.LockDuration);
        Assert.Equal(100, got.MaxDeliveryCount);
        Assert.True(got.RequiresDuplicateDetection);
        Assert.Equal(TimeSpan.FromMinutes(5), got.DuplicateDetectionHistoryTimeWindow);
        Assert.True(got.DeadLetteringOnMessageExpiration);
        Assert.Equal(TimeSpan.FromDays(7), got.DefaultMessageTimeToLive);
        Assert.Equal(target, got.ForwardTo);
        Assert.Equal(target, got.ForwardDeadLetteredMessagesTo);
        Assert.Equal("{\"owner\":\"<me>\"}", got.UserMetadata);

        got.MaxDeliveryCount = 7;
        got.ForwardTo = null;
        Assert.Equal(7, (await Client.UpdateQueueAsync(got)).MaxDeliveryCount);
        Assert.Null((await Client.GetQueueAsync(name)).ForwardTo);
        Assert.True(await Client.QueueExistsAsync(name));
        Assert.Contains(name, await NamesAsync(Client.GetQueuesAsync(), queue => queue.Name));
        await AssertFailsAsync(
            ServiceBusFailureReason.MessagingEntityAlreadyExists, () => Client.CreateQueueAsync(name));

        await Client.DeleteQueueAsync(name);
        Assert.False(await Client.QueueExistsAsync(name));
        await AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => Client.GetQueueAsync(name));
        await AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => Client.DeleteQueueAsync(name));
    }

    [Fact]
    public async Task TopicSubscriptionRule_FromCreationToDeletion()
    {
        var topic = $"topic-{Guid.NewGuid():N}";
        var lane = await emulator.AddQueueAsync();
        await Client.CreateTopicAsync(new CreateTopicOptions(topic) { UserMetadata = "mine" });
        var gotTopic = await Client.GetTopicAsync(topic);
        Assert.Equal("mine", gotTopic.UserMetadata);
        gotTopic.UserMetadata = "still mine";
        await Client.UpdateTopicAsync(gotTopic);
        Assert.Equal("still mine", (await Client.GetTopicAsync(topic)).UserMetadata);
        Assert.False(await Client.QueueExistsAsync(topic));
        Assert.Contains(topic, await NamesAsync(Client.GetTopicsAsync(), t => t.Name));

        var created = await Client.CreateSubscriptionAsync(
            new CreateSubscriptionOptions(topic, "s") { ForwardTo = lane, UserMetadata = "note" },
            new CreateRuleOptions("egress", new SqlRuleFilter("a = 'ß<' OR b > 5"))
            {
                Action = new SqlRuleAction("SET eventing_egress = 'x'"),
            });
        Assert.Equal(lane, created.ForwardTo);
        Assert.Equal(topic, created.TopicName);
        Assert.Equal("s", created.SubscriptionName);
        var rule = Assert.Single(await ListAsync(Client.GetRulesAsync(topic, "s")));
        Assert.Equal("egress", rule.Name);
        Assert.Equal(new SqlRuleFilter("a = 'ß<' OR b > 5"), rule.Filter);
        Assert.Equal(new SqlRuleAction("SET eventing_egress = 'x'"), rule.Action);

        var filter = new CorrelationRuleFilter { Subject = "l", ContentType = "c" };
        filter.ApplicationProperties["text"] = "v";
        filter.ApplicationProperties["number"] = 5L;
        filter.ApplicationProperties["flag"] = true;
        filter.ApplicationProperties["real"] = 1.5;
        rule.Filter = filter;
        await Client.UpdateRuleAsync(topic, "s", rule);
        var updated = await Client.GetRuleAsync(topic, "s", "egress");
        Assert.Equal(filter, updated.Filter);
        await Client.CreateRuleAsync(topic, "s", new CreateRuleOptions("none", new FalseRuleFilter()));
        Assert.IsType<FalseRuleFilter>((await Client.GetRuleAsync(topic, "s", "none")).Filter);
        await Client.DeleteRuleAsync(topic, "s", "none");
        Assert.False(await Client.RuleExistsAsync(topic, "s", "none"));

        var subscription = await Client.GetSubscriptionAsync(topic, "s");
        subscription.MaxDeliveryCount = 50;
        await Client.UpdateSubscriptionAsync(subscription);
        Assert.Equal(50, (await Client.GetSubscriptionAsync(topic, "s")).MaxDeliveryCount);
        Assert.Single(await ListAsync(Client.GetRulesAsync(topic, "s")));
        Assert.Equal(["s"], await NamesAsync(Client.GetSubscriptionsAsync(topic), s => s.SubscriptionName));
        Assert.Equal(1, (await Client.GetTopicRuntimePropertiesAsync(topic)).SubscriptionCount);

        await Client.DeleteSubscriptionAsync(topic, "s");
        Assert.False(await Client.SubscriptionExistsAsync(topic, "s"));
        await Client.DeleteTopicAsync(topic);
        Assert.False(await Client.TopicExistsAsync(topic));
    }

    [Fact]
    public async Task Subscription_WithoutRule_GetsEverything()
    {
        var topic = $"topic-{Guid.NewGuid():N}";
        await Client.CreateTopicAsync(topic);
        await Client.CreateSubscriptionAsync(topic, "s");
        var rule = Assert.Single(await ListAsync(Client.GetRulesAsync(topic, "s")));
        Assert.Equal(CreateRuleOptions.DefaultRuleName, rule.Name);
        Assert.IsType<TrueRuleFilter>(rule.Filter);
    }

    [Fact]
    public async Task RuntimeProperties_CountMessages()
    {
        var queue = await emulator.AddQueueAsync();
        await using var sender = emulator.Client.CreateSender(queue);
        await sender.SendMessagesAsync([new("1"), new("2"), new("3")]);
        await sender.SendMessageAsync(
            new("later") { ScheduledEnqueueTime = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1) });
        await using var receiver = emulator.Client.CreateReceiver(queue);
        await receiver.DeadLetterMessageAsync((await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(30)))!);

        var counts = await Client.GetQueueRuntimePropertiesAsync(queue);
        Assert.Equal(2, counts.ActiveMessageCount);
        Assert.Equal(1, counts.DeadLetterMessageCount);
        Assert.Equal(1, counts.ScheduledMessageCount);
        Assert.Equal(4, counts.TotalMessageCount);
    }

    [Fact]
    public async Task Rule_ThatDoesNotParse_IsRefusedWithTheReason()
    {
        var topic = $"topic-{Guid.NewGuid():N}";
        await Client.CreateTopicAsync(topic);
        await Client.CreateSubscriptionAsync(topic, "s");
        await Assert.ThrowsAsync<ArgumentException>(
            () => Client.CreateRuleAsync(topic, "s", new CreateRuleOptions("r", new SqlRuleFilter("a = = 1"))));
    }

    private static async Task<List<T>> ListAsync<T>(IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items)
        {
            list.Add(item);
        }

        return list;
    }

    private static async Task<List<string>> NamesAsync<T>(IAsyncEnumerable<T> items, Func<T, string> name) =>
        [.. (await ListAsync(items)).Select(name)];

    private static async Task AssertFailsAsync(ServiceBusFailureReason reason, Func<Task> action) =>
        Assert.Equal(reason, (await Assert.ThrowsAsync<ServiceBusException>(action)).Reason);
}
