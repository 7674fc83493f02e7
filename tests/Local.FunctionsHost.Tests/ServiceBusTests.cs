// Service Bus functions end to end, against the emulator: completed, abandoned, redelivered, never lost.
using System.Text.Json;
using ServerlessEventing.Local.ServiceBus;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.ServiceBus.Administration;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Local.FunctionsHost.Tests;

public sealed class ServiceBusTests : IAsyncLifetime
{
    private readonly TempFolder data = new();
    private readonly SampleApp app = new();
    private ServiceBusEmulator bus = null!;
    private ServiceBusAdministrationClient administration = null!;
    private ServiceBusClient client = null!;

    public async ValueTask InitializeAsync()
    {
        bus = await ServiceBusEmulator.StartAsync(new() { DataFolder = data.Path }, CancellationToken.None);
        administration = new(bus.ManagementConnectionString);
        client = new(bus.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await bus.DisposeAsync();
        app.Dispose();
        data.Dispose();
    }

    [Fact]
    public async Task Message_Handled_ArrivesAsRecorded_AndIsCompleted()
    {
        await administration.CreateQueueAsync("q");
        app.Queue("Ok", "%QUEUE%");
        await using var host = await app.StartAsync(("Bus", bus.ConnectionString), ("QUEUE", "q"));
        byte[] bytes = [0, 255, 254, 10];
        await SendAsync("q", new ServiceBusMessage(bytes)
        {
            MessageId = "m-1",
            ContentType = "application/json",
            Subject = "subj",
            CorrelationId = "c-1",
            ApplicationProperties = { ["ce-type"] = "t", ["n"] = 7, ["big"] = 123456789012L, ["b"] = true },
        });
        await Eventually.True(() => app.Requests.Count == 1, "an invocation");
        await EmptyAsync("q");

        var recorded = Capture.Read("servicebus_fake_extension.log").First(item => item.RequestLine == "POST /SbBin");
        var got = Assert.Single(app.Requests);
        Assert.Equal("/Ok", got.Target);
        Assert.Equal(recorded.HeaderNames.Order(), got.Headers.Keys.Order());
        Assert.Equal("chunked", got.Headers["Transfer-Encoding"]);
        using var ours = JsonDocument.Parse(got.Body);
        using var theirs = JsonDocument.Parse(recorded.Body);
        Assert.Equal(bytes, ours.RootElement.GetProperty("Data").GetProperty("msg").GetBytesFromBase64());
        Assert.Equal(Names(theirs), Names(ours));
        string[] same = ["DeliveryCount", "MessageId", "ContentType", "Subject", "Label", "CorrelationId"];
        foreach (var name in same)
        {
            Assert.Equal(Metadata(theirs, name), Metadata(ours, name));
        }
    }

    [Theory]
    [InlineData("FailOnce")]
    [InlineData("CrashOnce")]
    public async Task Message_FailedOnce_IsDeliveredAgain_CountingUp(string function)
    {
        await administration.CreateQueueAsync("q");
        app.Queue(function, "q");
        await using var host = await app.StartAsync(("Bus", bus.ConnectionString));
        await SendAsync("q", new ServiceBusMessage("x") { MessageId = "m" });

        await Eventually.True(() => app.Requests.Count >= 2, "the second delivery");
        await EmptyAsync("q");
        Assert.Contains("\"DeliveryCount\":\"1\"", app.Requests[0].Text);
        Assert.Contains("\"DeliveryCount\":\"2\"", app.Requests[1].Text);
        Assert.Equal(2, app.Requests.Count);
    }

    [Theory]
    [InlineData("Fail", "answered 500")]
    [InlineData("Empty", "empty body")]
    [InlineData("NotJson", "not JSON")]
    [InlineData("Text", "text/plain")]
    public async Task Message_NeverHandled_EndsInTheDlq_AfterMaxDeliveryCount(string function, string told)
    {
        await administration.CreateQueueAsync(new CreateQueueOptions("q") { MaxDeliveryCount = 3 });
        app.Queue(function, "q");
        await using var host = await app.StartAsync(("Bus", bus.ConnectionString));
        await SendAsync("q", new ServiceBusMessage("x"));

        await Eventually.True(
            async () => (await administration.GetQueueRuntimePropertiesAsync("q")).DeadLetterMessageCount == 1,
            "the message is in the DLQ");
        Assert.Equal(3, app.Requests.Count);
        Assert.True(app.Logs.Has(told), app.Logs.ToString());
    }

    [Fact]
    public async Task HandlerKilled_InMidInvocation_TheMessageComesBack()
    {
        await administration.CreateQueueAsync("q");
        app.Queue("Hang", "q");
        await using var host = await app.StartAsync(("Bus", bus.ConnectionString));
        await SendAsync("q", new ServiceBusMessage("x"));
        await Eventually.True(() => app.Requests.Count == 1, "the invocation is under way");

        using (var handler = System.Diagnostics.Process.GetProcessById(host.HandlerProcessId!.Value))
        {
            handler.Kill();
        }

        await Eventually.True(() => app.Requests.Count == 2, "the second delivery, to the next handler");
        Assert.Contains("\"DeliveryCount\":\"2\"", app.Requests[1].Text);
        Assert.Equal(2, app.Starts.Count);
    }

    [Fact]
    public async Task Invocation_OverFunctionTimeout_EndsTheHandler_AndAbandons()
    {
        await administration.CreateQueueAsync("q");
        app.WriteHostJson([], "\"functionTimeout\": \"00:00:01\"");
        app.Queue("Hang", "q");
        await using var host = await app.StartAsync(("Bus", bus.ConnectionString));
        await SendAsync("q", new ServiceBusMessage("x"));

        await Eventually.True(() => app.Requests.Count >= 2 && app.Starts.Count >= 2, "a second delivery and handler");
        Assert.True(app.Logs.Has("longer than functionTimeout"));
        Assert.False(host.Fatal.IsCompleted);
    }

    [Fact]
    public async Task Queue_CreatedAfterTheHost_IsReceivedFrom()
    {
        app.Queue("Ok", "later");
        await using var host = await app.StartAsync(("Bus", bus.ConnectionString));
        await host.Ready;
        await Eventually.True(() => app.Logs.Has("waits until later exists"), "it is told once");

        await administration.CreateQueueAsync("later");
        await SendAsync("later", new ServiceBusMessage("x"));
        await Eventually.True(() => app.Requests.Count == 1, "an invocation");
    }

    [Fact]
    public async Task BusSubscription_WithATextBody_IsReceivedFrom_ManyAtOnce()
    {
        await administration.CreateTopicAsync("t");
        await administration.CreateSubscriptionAsync("t", "s");
        app.WriteHostJson([], "\"extensions\": { \"serviceBus\": { \"maxConcurrentCalls\": 16 } }");
        app.Function("Ok", """
            { "bindings": [ { "type": "serviceBusTrigger", "name": "msg", "topicName": "t",
              "subscriptionName": "s", "connection": "Bus" } ] }
            """);
        await using var host = await app.StartAsync(("Bus", bus.ConnectionString));
        await using var sender = client.CreateSender("t");
        await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => sender.SendMessageAsync(new ServiceBusMessage($"body {i}"))));

        await Eventually.True(() => app.Requests.Count >= 100, "a hundred invocations");
        Assert.Equal(
            Enumerable.Range(0, 100).Select(i => $"\"body {i}\"").Order(),
            app.Requests.Select(request => JsonDocument.Parse(request.Body).RootElement
                .GetProperty("Data").GetProperty("msg").GetString()!).Order());
    }

    private async Task SendAsync(string queue, ServiceBusMessage message)
    {
        await using var sender = client.CreateSender(queue);
        await sender.SendMessageAsync(message);
    }

    private Task EmptyAsync(string queue) => Eventually.True(
        async () => (await administration.GetQueueRuntimePropertiesAsync(queue)).TotalMessageCount == 0,
        "the queue is empty");

    private static IEnumerable<string> Names(JsonDocument envelope) =>
        envelope.RootElement.GetProperty("Metadata").EnumerateObject().Select(property => property.Name);

    private static string? Metadata(JsonDocument envelope, string name) =>
        envelope.RootElement.GetProperty("Metadata").GetProperty(name).GetString();
}
