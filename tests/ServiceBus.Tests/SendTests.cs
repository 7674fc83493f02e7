// Publishing: what arrives, what the broker's answers become, and that callers do not wait for each other.
using Amqp.Framing;
using Amqp.Types;
using ServerlessEventing.ServiceBus.Tests.Broker;

namespace ServerlessEventing.ServiceBus.Tests;

public sealed class SendTests : IAsyncDisposable
{
    private readonly TestBroker broker = new();
    private readonly ServiceBusClient client;

    public SendTests() => client = new(broker.ConnectionString, new()
    {
        RetryOptions = new() { Delay = TimeSpan.FromMilliseconds(50), MaxRetries = 3 },
    });

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        broker.Dispose();
    }

    [Fact]
    public async Task SendMessage_AllProperties_ArriveAsAmqpSections()
    {
        var queue = broker.AddQueue("orders");
        await using var sender = client.CreateSender("orders");
        var due = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));
        var message = new ServiceBusMessage(BinaryData.FromBytes(new byte[] { 1, 2, 3 }.AsMemory(1)))
        {
            MessageId = "id",
            ContentType = "application/json",
            CorrelationId = "correlation",
            Subject = "subject",
            To = "to",
            ReplyTo = "reply",
            ReplyToSessionId = "reply-session",
            SessionId = "session",
            PartitionKey = "session",
            TimeToLive = TimeSpan.FromMinutes(3),
            ScheduledEnqueueTime = due,
        };
        message.ApplicationProperties["text"] = "ß";
        await sender.SendMessageAsync(message);

        var sent = Assert.Single(queue.Ready);
        Assert.Equal([2, 3], Assert.IsType<Data>(sent.BodySection).Binary);
        Assert.Equal("id", sent.Properties.MessageId);
        Assert.Equal("application/json", sent.Properties.ContentType.ToString());
        Assert.Equal("correlation", sent.Properties.CorrelationId);
        Assert.Equal("subject", sent.Properties.Subject);
        Assert.Equal("to", sent.Properties.To);
        Assert.Equal("reply", sent.Properties.ReplyTo);
        Assert.Equal("reply-session", sent.Properties.ReplyToGroupId);
        Assert.Equal("session", sent.Properties.GroupId);
        Assert.Equal(180_000u, sent.Header.Ttl);
        Assert.Equal("session", sent.MessageAnnotations[new Symbol("x-opt-partition-key")]);
        Assert.Equal(due.UtcDateTime, sent.MessageAnnotations[new Symbol("x-opt-scheduled-enqueue-time")]);
        Assert.Equal("ß", sent.ApplicationProperties["text"]);
    }

    [Fact]
    public async Task SendMessage_ManyAtOnce_AllArriveOnOneConnection()
    {
        var queue = broker.AddQueue("orders");
        await using var sender = client.CreateSender("orders");
        await Task.WhenAll(Enumerable.Range(0, 5000).Select(i => sender.SendMessageAsync(new($"{i}"))));

        Assert.Equal(5000, queue.Ready.Select(m => BinaryData.FromBytes((byte[])m.Body).ToString()).Distinct().Count());
        Assert.Equal(1, broker.Connects);
    }

    [Fact]
    public async Task SendMessage_Rejected_IsToldWhy()
    {
        broker.AddQueue("orders");
        broker.OnPublish = _ => new Rejected { Error = new("amqp:resource-limit-exceeded") { Description = "full" } };
        await using var sender = client.CreateSender("orders");

        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => sender.SendMessageAsync(new("x")));
        Assert.Equal(ServiceBusFailureReason.QuotaExceeded, exception.Reason);
        Assert.False(exception.IsTransient);
        Assert.Contains("full", exception.Message, StringComparison.Ordinal);
        Assert.Equal("orders", exception.EntityPath);
    }

    [Fact]
    public async Task SendMessage_BusyTwice_IsTriedAgain()
    {
        var queue = broker.AddQueue("orders");
        var tries = 0;
        broker.OnPublish = _ => ++tries < 3 ? new Rejected { Error = new("com.microsoft:server-busy") } : null;
        await using var sender = client.CreateSender("orders");
        await sender.SendMessageAsync(new("x"));

        Assert.Equal(3, tries);
        Assert.Equal(1, queue.Count);
    }

    [Fact]
    public async Task SendMessage_UnknownEntity_IsNotFound()
    {
        await using var sender = client.CreateSender("nowhere");
        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => sender.SendMessageAsync(new("x")));
        Assert.Equal(ServiceBusFailureReason.MessagingEntityNotFound, exception.Reason);
    }

    [Fact]
    public async Task SendMessage_NoAnswer_TimesOutAndRecovers()
    {
        broker.AddQueue("orders");
        await using var impatient = new ServiceBusClient(broker.ConnectionString, new()
        {
            RetryOptions = new() { MaxRetries = 0, TryTimeout = TimeSpan.FromSeconds(2) },
        });
        await using var sender = impatient.CreateSender("orders");
        await sender.SendMessageAsync(new("warm"));
        broker.IsSilent = true;
        var exception = await Assert.ThrowsAsync<ServiceBusException>(() => sender.SendMessageAsync(new("x")));
        Assert.Equal(ServiceBusFailureReason.ServiceTimeout, exception.Reason);

        broker.IsSilent = false;
        await sender.SendMessageAsync(new("y"));
    }

    [Fact]
    public async Task SendMessage_Cancelled_StopsWaiting()
    {
        broker.AddQueue("orders");
        await using var sender = client.CreateSender("orders");
        await sender.SendMessageAsync(new("warm"));
        broker.IsSilent = true;
        using var cancel = new CancellationTokenSource();
        var sending = sender.SendMessageAsync(new("x"), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Fact]
    public async Task Batch_OfThree_ArrivesAsThreeMessages()
    {
        var queue = broker.AddQueue("orders");
        await using var sender = client.CreateSender("orders");
        await sender.SendMessagesAsync([new("a") { MessageId = "1" }, new("b"), new("c")]);

        Assert.Equal(["a", "b", "c"], queue.Ready.Select(m => BinaryData.FromBytes((byte[])m.Body).ToString()));
        Assert.Equal("1", queue.Ready[0].Properties.MessageId);
    }

    [Fact]
    public async Task Batch_TakesAsMuchAsTheLink()
    {
        broker.MaxMessageSize = 10_000;
        var queue = broker.AddQueue("orders");
        await using var sender = client.CreateSender("orders");
        using var batch = await sender.CreateMessageBatchAsync();
        Assert.Equal(10_000, batch.MaxSizeInBytes);
        while (batch.TryAddMessage(new(new byte[1000])))
        {
        }

        Assert.InRange(batch.Count, 8, 9);
        Assert.InRange(batch.SizeInBytes, 8000, 10_000);
        await sender.SendMessagesAsync(batch);
        Assert.Equal(batch.Count, queue.Count);
    }

    [Fact]
    public async Task SendMessage_BrokerRestarts_IsDeliveredByTheSameSender()
    {
        var queue = broker.AddQueue("orders");
        await using var patient = new ServiceBusClient(broker.ConnectionString, new()
        {
            RetryOptions = new()
            {
                Mode = ServiceBusRetryMode.Fixed,
                Delay = TimeSpan.FromMilliseconds(100),
                MaxRetries = 100,
            },
        });
        await using var sender = patient.CreateSender("orders");
        await sender.SendMessageAsync(new("before"));
        using var stop = new CancellationTokenSource();
        var acknowledged = 0;
        var sending = Enumerable.Range(0, 20).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                await sender.SendMessageAsync(new("x"));
                Interlocked.Increment(ref acknowledged);
            }
        }).ToArray();
        for (var round = 0; round < 3; round++)
        {
            var before = Volatile.Read(ref acknowledged);
            await Testing.Eventually.True(() => Volatile.Read(ref acknowledged) > before + 100, "sends go on");
            broker.Stop();
            broker.Start();
        }

        await stop.CancelAsync();
        await Task.WhenAll(sending);
        Assert.InRange(queue.Count, acknowledged, int.MaxValue);
    }
}
