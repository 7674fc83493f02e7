// The traps of the custom handler contract, replayed as the real host sent them.
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Local.FunctionsHost.Tests;
using ServerlessEventing.ServiceBus;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Doors;

public sealed class HostContractTests(HostHouse house) : IClassFixture<HostHouse>
{
    private const StringComparison Ordinal = StringComparison.Ordinal;
    private const string Proxied = "http_proxying_mode_backport.log";
    private const string Default = "http_default_mode.log";
    private const string Messages = "functions-host/servicebus_fake_extension.log";

    // Before anything is loaded the host asks this, with no header of its own; any answer will do.
    [Fact]
    public async Task StartUp_AsRecorded_IsAnswered()
    {
        using var answer = await ReplayAsync(Recorded(Default, "GET /"), "/");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    // Chunked bodies are what the two other modes lose; here they arrive whole.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ProxiedEvent_AsRecorded_IsTakenWhole(int index)
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address);
        var recorded = Capture.Read(Proxied)
            .Where(one => one.RequestLine.StartsWith("POST ", Ordinal)).ElementAt(index - 1);
        Assert.Equal(index == 2, recorded.Headers.Contains("Transfer-Encoding: chunked"));

        using var answer = await ReplayAsync(recorded, $"/ns/{broker}", EventHeaders($"proxied-{index}"));

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        await Eventually.True(() => subscriber.Received.Count == 1, "it arrives");
        Assert.Equal(recorded.Body, Encoding.UTF8.GetString(subscriber.Received[0].Body));
    }

    // A client that names a function gets nothing from it, and what the host adds tells it is a client.
    [Theory]
    [InlineData("TriggerFilter")]
    [InlineData("CronSource")]
    [InlineData("BrokerIngress")]
    public async Task ProxiedRequest_ForAFunctionsName_Is404(string function)
    {
        var recorded = Capture.Read(Proxied).First(one => one.RequestLine.StartsWith("POST ", Ordinal));
        using var answer = await ReplayAsync(recorded, $"/{function}");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    // A host that does not proxy has lost chunked bodies and read binary ones as text: no event may be taken from it.
    [Theory]
    [InlineData("BrokerIngress")]
    [InlineData("Health")]
    public async Task HttpInvocation_InDefaultMode_IsToldAndNotTaken(string function)
    {
        foreach (var recorded in Capture.Read(Default).Where(one => one.RequestLine.StartsWith("POST /Http", Ordinal)))
        {
            using var answer = await ReplayAsync(recorded, $"/{function}");
            // To the host a success, so that it passes status and body on to the producer.
            var output = (await SucceededAsync(answer))["Outputs"]!["response"]!;
            Assert.Equal(500, (int)output["statusCode"]!);
            var problem = JsonNode.Parse((string)output["body"]!)!;
            Assert.Contains("enableProxyingHttpRequest", (string)problem["detail"]!, Ordinal);
        }
    }

    // An empty 2xx would never complete; a failure must not look like one that did.
    [Theory]
    [InlineData("timer_useMonitor_pastdue.log")]
    [InlineData("timer_useMonitor_retry500.log")]
    [InlineData(Default)]
    public async Task TimerInvocation_AsRecorded_IsAnsweredWithJson(string file)
    {
        var timers = Capture.Read(file).Where(one => one.Body.Contains("\"timer\":", Ordinal)).ToList();
        Assert.NotEmpty(timers);
        foreach (var recorded in timers)
        {
            using var answer = await ReplayAsync(recorded, "/CronSource");
            await SucceededAsync(answer);
        }
    }

    // Whatever the recording's function was bound as; the bodies are no events, so they end as dead letters, once.
    [Fact]
    public async Task BinaryMessage_AsRecorded_IsAnsweredWithJson_AndKept()
    {
        var recorded = Capture.Read(Messages).First(one => one.RequestLine == "POST /SbBin");
        using var answer = await ReplayAsync(recorded, "/TriggerFilter");
        await SucceededAsync(answer);
        await Eventually.True(async () => (await house.Bus.DeadLettersOfAsync(null)).Count > 0, "it is kept");
    }

    // With another dataType the sender of the body could overwrite the metadata: refused, so the bus keeps the message.
    [Theory]
    [InlineData("POST /SbOne")]
    [InlineData("POST /SbTopic")]
    [InlineData("POST /SbManyBin")]
    public async Task OtherEncodings_AsRecorded_AreFailuresWithABody(string request)
    {
        var recorded = Capture.Read(Messages).Where(one => one.RequestLine == request).ToList();
        Assert.NotEmpty(recorded);
        foreach (var one in recorded)
        {
            using var answer = await ReplayAsync(one, "/TriggerFilter");
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
            Assert.NotNull(JsonNode.Parse(await answer.Content.ReadAsStringAsync()));
        }
    }

    // Base64 grows by a third, and Kestrel's own limit is 30 MB.
    [Fact]
    public async Task LargeInvocation_IsRead()
    {
        var recorded = Capture.Read(Messages).First(one => one.RequestLine == "POST /SbBin");
        var invocation = JsonNode.Parse(recorded.Body)!;
        invocation["Metadata"]!["Padding"] = new string('x', 40 * 1024 * 1024);
        using var answer = await ReplayAsync(recorded with { Body = invocation.ToJsonString() }, "/TriggerFilter");
        await SucceededAsync(answer);
    }

    // The host hands its own address and content root down with its whole environment.
    [Fact]
    public async Task Environment_OfTheHost_AsRecorded_IsNotTakenForTheHandlersOwn()
    {
        var start = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "conformance", Default))
            .Where(line => line.StartsWith("env ", Ordinal))
            .Select(line => line[4..].Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        var taken = FreePort.Next();
        start["ASPNETCORE_URLS"] = $"http://127.0.0.1:{taken}";
        start["ASPNETCORE_CONTENTROOT"] = "/";
        await using var handler = await house.StartHandlerAsync(start);
        using var http = new HttpClient();
        using var answer = await http.GetAsync(handler.Address);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri($"http://127.0.0.1:{taken}/")));
    }

    [Fact]
    public async Task Stop_FinishesTheInvocationUnderWay_AndTakesNothingNew()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
            release.Task.WaitAsync(context.RequestAborted));
        var broker = await house.AddBrokerAsync();
        var egress = await house.AddTriggerAsync(broker, subscriber.Address);
        await using var handler = await house.StartHandlerAsync(new Dictionary<string, string>());
        var invocation = RecordedHost.Invocation(ServiceBusModelFactory.ServiceBusReceivedMessage(
            body: BinaryData.FromString("{}"),
            messageId: "stopped",
            contentType: "application/json",
            deliveryCount: 1,
            sequenceNumber: 1,
            properties: new Dictionary<string, object>
            {
                ["cloudEvents_specversion"] = "1.0",
                ["cloudEvents_id"] = "stopped",
                ["cloudEvents_type"] = "com.example.recorded",
                ["cloudEvents_source"] = "/recorded",
                [MessageProperties.Id] = "stopped",
                [MessageProperties.Egress] = egress.Uid,
                [MessageProperties.Since] = house.Generation,
            }));
        using var http = new HttpClient();
        var answering = http.PostAsync(new Uri(handler.Address, "TriggerFilter"), Json(invocation));
        await Eventually.True(() => subscriber.Received.Count == 1, "the delivery is under way");

        await handler.TerminateAsync();
        await Eventually.Passes(async () =>
            await Assert.ThrowsAsync<HttpRequestException>(() => AskAnewAsync(handler.Address)));
        Assert.False(answering.IsCompleted);
        release.SetResult();

        using var answer = await answering;
        await SucceededAsync(answer);
        Assert.Equal(0, await handler.ExitAsync());
        Assert.Single(subscriber.Received);
    }

    private static async Task<string> AskAnewAsync(Uri address)
    {
        using var fresh = new HttpClient();
        return await fresh.GetStringAsync(address);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static Capture Recorded(string file, string request) =>
        Capture.Read(file).First(one => one.RequestLine == request);

    private static (string, string)[] EventHeaders(string id) =>
    [
        ("ce-specversion", "1.0"), ("ce-id", id), ("ce-type", "com.example.recorded"), ("ce-source", "/recorded"),
    ];

    // The request as it was, but to this handler, another path and with these headers more.
    private async Task<HttpResponseMessage> ReplayAsync(
        Capture recorded, string path, params (string Name, string Value)[] more)
    {
        var method = new HttpMethod(recorded.RequestLine.Split(' ')[0]);
        using var request = new HttpRequestMessage(method, new Uri(house.Address, path));
        if (method != HttpMethod.Get)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(recorded.Body));
        }

        var headers = recorded.Headers.Select(line => line.Split(": ", 2)).Select(pair => (pair[0], pair[1]));
        foreach (var (name, value) in headers.Concat(more))
        {
            switch (name)
            {
                case "Host" or "Content-Length":
                    break;
                case "Transfer-Encoding":
                    request.Headers.TransferEncodingChunked = true;
                    break;
                case "Content-Type":
                    request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
                    break;
                case "Content-Encoding":
                    request.Content!.Headers.ContentEncoding.Add(value);
                    break;
                default:
                    Assert.True(request.Headers.TryAddWithoutValidation(name, value), name);
                    break;
            }
        }

        return await house.Http.SendAsync(request);
    }

    private static async Task<JsonNode> SucceededAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        var json = JsonNode.Parse(text)!;
        Assert.NotNull(json["Outputs"]);
        return json;
    }
}
