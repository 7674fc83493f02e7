// What a Trigger's own address answers, row by row of Knative's filter handler.
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Tests.House;

namespace ServerlessEventing.Functions.Tests.Doors;

public sealed class HostDoorTriggerAddressTests(HostHouse house) : TriggerAddressTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorTriggerAddressTests(PumpHouse house) : TriggerAddressTests(house), IClassFixture<PumpHouse>;

public abstract class TriggerAddressTests(FunctionsHouse house)
{
    [Theory]
    [InlineData("POST", "", "com.example.FullEvent", "9", 200)]
    [InlineData("POST", "/", "com.example.FullEvent", "9", 200)]
    [InlineData("GET", "", "com.example.FullEvent", "9", 405)]
    [InlineData("POST", "-not", "com.example.FullEvent", "9", 400)]
    [InlineData("POST", "/more", "com.example.FullEvent", "9", 400)]
    [InlineData("POST", "", "com.example.FullEvent", null, 400)]
    [InlineData("POST", "", "filtered.out", "9", 200)]
    public async Task Request_Row_IsAnsweredAsKnativeDoes(
        string method, string suffix, string type, string? ttl, int status)
    {
        await using var subscriber = await Subscriber.StartAsync(200);
        var egress = await AddAsync(subscriber);
        using var request = Request(egress, suffix, type, ttl);
        request.Method = new(method);
        using var response = await house.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        var passes = status == 200 && type != "filtered.out";
        Assert.Equal(passes ? 1 : 0, subscriber.Received.Count);
        Assert.All(subscriber.Received, got => Assert.Null(got.Attribute("knativebrokerttl")));
    }

    [Fact]
    public async Task Request_NoSuchTriggerOrNoSubscriber_Is404()
    {
        await using var subscriber = await Subscriber.StartAsync(200);
        var egress = await AddAsync(subscriber);
        using var unknown = await house.Http.SendAsync(Request(egress with { Name = "nobody" }));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        await house.ChangeAsync(egress with { Destination = null });
        using var unresolved = await house.Http.SendAsync(Request(egress));
        Assert.Equal(HttpStatusCode.NotFound, unresolved.StatusCode);
        await house.ChangeAsync(egress with { State = EgressState.Draining });
        using var draining = await house.Http.SendAsync(Request(egress));
        Assert.Equal(HttpStatusCode.NotFound, draining.StatusCode);
        Assert.Empty(subscriber.Received);
    }

    [Fact]
    public async Task Subscriber_Replies_ReplyIsTheAnswerWithItsRounds()
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
        {
            context.Response.StatusCode = 201;
            context.Response.Headers["ce-specversion"] = "1.0";
            context.Response.Headers["ce-id"] = "reply";
            context.Response.Headers["ce-type"] = "t";
            context.Response.Headers["ce-source"] = "/s";
            context.Response.Headers["ce-subject"] = "a%20b";
            context.Response.Headers["foo"] = "bar";
            context.Response.ContentType = "text/plain";
            return context.Response.WriteAsync("answer");
        });
        var egress = await AddAsync(subscriber);
        using var response = await house.Http.SendAsync(Request(egress));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("reply", response.Headers.GetValues("ce-id").Single());
        Assert.Equal("a%20b", response.Headers.GetValues("ce-subject").Single());
        Assert.Equal("9", response.Headers.GetValues("ce-knativebrokerttl").Single());
        Assert.False(response.Headers.Contains("foo"));
        Assert.Equal("answer", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(429, "10")]
    [InlineData(400, null)]
    [InlineData(500, null)]
    public async Task Subscriber_Fails_ItsStatusIsTheAnswer(int status, string? retryAfter)
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = retryAfter;
            return context.Response.WriteAsync("no");
        });
        var egress = await AddAsync(subscriber);
        using var response = await house.Http.SendAsync(Request(egress));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(retryAfter, response.Headers.RetryAfter?.ToString());
        using var body = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(subscriber.Address.ToString(), body.RootElement.GetProperty("errdestination").GetString());
        Assert.Equal("no"u8.ToArray(), body.RootElement.GetProperty("errresponsebody").GetBytesFromBase64());
        Assert.Single(subscriber.Received);
    }

    [Fact]
    public async Task Subscriber_AnswersNoEvent_Is502()
    {
        await using var subscriber = await Subscriber.StartAsync((context, _) => context.Response.WriteAsync("fine"));
        var egress = await AddAsync(subscriber);
        using var response = await house.Http.SendAsync(Request(egress));
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    private async Task<Egress> AddAsync(Subscriber subscriber) => await house.AddTriggerAsync(
        await house.AddBrokerAsync(),
        subscriber.Address,
        e => e with { Filters = FunctionsHouse.TypeIs("com.example.FullEvent") });

    private HttpRequestMessage Request(
        Egress egress, string suffix = "", string type = "com.example.FullEvent", string? ttl = "9")
    {
        var request = house.Request($"triggers/{egress.Namespace}/{egress.Name}/{egress.Uid}{suffix}", "e1", type);
        if (ttl is not null)
        {
            request.Headers.Add("ce-knativebrokerttl", ttl);
        }

        return request;
    }
}
