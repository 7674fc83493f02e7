// What a producer is answered, through both doors.
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Ingress;

public sealed class HostDoorIngressTests(HostHouse house) : IngressTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorIngressTests(PumpHouse house) : IngressTests(house), IClassFixture<PumpHouse>
{
    // Behind a host it is the host that reads the sender's body.
    [Fact]
    public async Task Body_ComesTooSlowly_Is408()
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", house.Address.Port);
        await using var stream = client.GetStream();
        var broker = await house.AddBrokerAsync();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /ns/{broker} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n{{"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.StartsWith("HTTP/1.1 408 ", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }
}

public abstract class IngressTests(FunctionsHouse house)
{
    [Theory]
    [InlineData("GET", 405)]
    [InlineData("PUT", 405)]
    [InlineData("PATCH", 405)]
    [InlineData("DELETE", 405)]
    [InlineData("OPTIONS", 200)]
    [InlineData("POST", 202)]
    public async Task Request_Method_IsAnsweredWithAllow(string method, int status)
    {
        var broker = await house.AddBrokerAsync();
        using var request = house.Request($"ns/{broker}");
        request.Method = new(method);
        using var response = await house.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("POST, OPTIONS", string.Join(", ", response.Content.Headers.Allow));
        Assert.Equal(method == "OPTIONS", response.Headers.Contains("WebHook-Allowed-Origin"));
        Assert.Equal(method == "OPTIONS", response.Headers.Contains("WebHook-Allowed-Rate"));
    }

    [Theory]
    [InlineData("", 404)]
    [InlineData("ns", 400)]
    [InlineData("knative/ns/name", 400)]
    [InlineData("ns//name", 400)]
    [InlineData("ns/nothing-here", 404)]
    [InlineData("channels/ns/nothing-here", 404)]
    [InlineData("TriggerFilter", 404)]
    [InlineData("ChannelFanout", 404)]
    [InlineData("BrokerIngress", 404)]
    public async Task Request_PathOfNothing_IsAProblem(string path, int status)
    {
        using var response = await house.Http.SendAsync(house.Request(path));
        Assert.Equal(status, (int)response.StatusCode);
        var problem = await ProblemAsync(response);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task Request_TrailingSlash_IsTaken()
    {
        var broker = await house.AddBrokerAsync();
        using var response = await house.Http.SendAsync(house.Request($"ns/{broker}/"));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Theory]
    [InlineData("{0}-broker.ns.svc.cluster.local", 202)]
    [InlineData("{0}-BROKER.NS.svc.cluster.local:80", 202)]
    [InlineData("{0}-broker.ns.svc", 202)]
    [InlineData("{0}-broker.other.svc.cluster.local", 404)]
    public async Task Request_RootOfABrokersHost_IsTaken(string host, int status)
    {
        var broker = await house.AddBrokerAsync();
        using var request = house.Request("");
        var name = string.Format(System.Globalization.CultureInfo.InvariantCulture, host, broker);
        if (house.Pump)
        {
            request.Headers.Host = name;
        }
        else
        {
            request.Headers.Add("X-Forwarded-Host", name);
        }

        using var response = await house.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Request_ForwardedHostOfAClient_DoesNotCount()
    {
        var broker = await house.AddBrokerAsync();
        using var request = house.Request("");
        request.Headers.Add(
            "X-Forwarded-Host", $"{broker}-broker.ns.svc.cluster.local" + (house.Pump ? "" : ", the-real-host"));
        using var response = await house.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("ce-id", null, "id")]
    [InlineData("ce-type", null, "type")]
    [InlineData("ce-source", null, "source")]
    [InlineData("ce-specversion", null, "specversion")]
    [InlineData("ce-specversion", "19.0", "specversion")]
    [InlineData("ce-time", "now", "time")]
    [InlineData("ce-x", "%00", "x")]
    [InlineData("ce-knativebrokerttl", "0", "knativebrokerttl")]
    [InlineData("ce-knativebrokerttl", "1", "knativebrokerttl")]
    [InlineData("ce-knativebrokerttl", "many", "knativebrokerttl")]
    public async Task Event_Faulty_ProblemNamesTheAttribute(string header, string? value, string attribute)
    {
        var broker = await house.AddBrokerAsync();
        using var request = house.Request($"ns/{broker}");
        request.Headers.Remove(header);
        if (value is not null)
        {
            request.Headers.TryAddWithoutValidation(header, value);
        }

        using var response = await house.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(attribute, (await ProblemAsync(response)).GetProperty("attribute").GetString());
    }

    [Fact]
    public async Task Event_TooLarge_ProblemTellsTheLimit()
    {
        var broker = await house.AddBrokerAsync();
        using var request = house.Request($"ns/{broker}");
        request.Content = new ByteArrayContent(new byte[2 * 1024 * 1024]);
        request.Headers.ExpectContinue = true;
        using var response = await house.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.InRange((await ProblemAsync(response)).GetProperty("limitBytes").GetInt64(), 1, 2 * 1024 * 1024);
    }

    [Fact]
    public async Task Event_TooManyAttributeBytes_ProblemNamesTheLargest()
    {
        var broker = await house.AddBrokerAsync();
        using var request = house.Request($"ns/{broker}");
        request.Headers.Add("ce-large", new string('x', 61 * 1024));
        using var response = await house.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("large", (await ProblemAsync(response)).GetProperty("attribute").GetString());
    }

    [Fact]
    public async Task Lane_UnderPressure_IngressAnswers429WithRetryAfter()
    {
        var broker = await house.AddBrokerAsync();
        await house.PressAsync(EntityNames.TriggersLane.ToUpperInvariant());
        using (var refused = await house.Http.SendAsync(house.Request($"ns/{broker}")))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(7), refused.Headers.RetryAfter?.Delta);
        }

        await house.PressAsync(EntityNames.SubscriptionsLane);
        Assert.Equal(HttpStatusCode.Accepted, await house.SendAsync(broker, "e1"));
        await house.PressAsync();
    }

    [Theory]
    [InlineData("application/cloudevents+avro", null, 415)]
    [InlineData("application/json", "gzip", 415)]
    [InlineData("application/cloudevents+json", null, 202)]
    public async Task Event_Format_IsReadOrRefused(string contentType, string? encoding, int status)
    {
        var broker = await house.AddBrokerAsync();
        using var request = house.Request($"ns/{broker}");
        request.Content = new StringContent(
            """{"specversion":"1.0","id":"1","type":"t","source":"/s","data":{}}""",
            Encoding.UTF8,
            MediaTypeHeaderValue.Parse(contentType));
        if (encoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(encoding);
        }

        using var response = await house.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Batch_OfEvents_AllArriveOnce()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address);
        using var response = await PostBatchAsync(broker, Element("a"), Element("b"), Element("c"));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        await Eventually.True(() => subscriber.Received.Count >= 3, "every event arrives");
        Assert.Equal(["a", "b", "c"], subscriber.Received.Select(r => r.Attribute("id")).Order());
        Assert.All(subscriber.Received, r => Assert.Equal("{\"n\": 1.0}", Encoding.UTF8.GetString(r.Body)));
    }

    [Fact]
    public async Task Batch_WithBadElements_NamesEachAndStoresNothing()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address);
        using var response = await PostBatchAsync(broker, Element("a"), "{}", Element("c"), "7");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var elements = (await ProblemAsync(response)).GetProperty("elements");
        Assert.Equal([1, 3], elements.EnumerateArray().Select(e => e.GetProperty("index").GetInt32()));
        Assert.Equal("specversion", elements[0].GetProperty("attribute").GetString());

        await house.SendAsync(broker, "fence");
        await Eventually.True(() => subscriber.Received.Count >= 1, "the fence arrives");
        Assert.Equal(["fence"], subscriber.Received.Select(r => r.Attribute("id")));
    }

    [Fact]
    public async Task Batch_ElementWithoutRoundsLeft_IsNamed()
    {
        var broker = await house.AddBrokerAsync();
        var tired = Element("b").Replace("\"id\"", "\"knativebrokerttl\":1,\"id\"", StringComparison.Ordinal);
        using var response = await PostBatchAsync(broker, Element("a"), tired);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var element = (await ProblemAsync(response)).GetProperty("elements")[0];
        Assert.Equal(1, element.GetProperty("index").GetInt32());
        Assert.Equal("knativebrokerttl", element.GetProperty("attribute").GetString());
    }

    [Theory]
    [InlineData(0, 0, 202)]
    [InlineData(8, 200_000, 413)]
    public async Task Batch_Size_IsTakenOrRefused(int count, int padding, int status)
    {
        var broker = await house.AddBrokerAsync();
        var element = Element("a", padding);
        using var response = await PostBatchAsync(broker, [.. Enumerable.Repeat(element, count)]);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("knative-x", 33)]
    [InlineData("x-b3-x", 33)]
    public async Task Headers_MoreThanGoOn_Are431(string name, int count)
    {
        var broker = await house.AddBrokerAsync();
        using var request = house.Request($"ns/{broker}");
        for (var i = 0; i < count; i++)
        {
            request.Headers.Add($"{name}{i}", "v");
        }

        using var response = await house.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Event_ChunkedBody_IsTaken()
    {
        var broker = await house.AddBrokerAsync();
        using var request = house.Request($"ns/{broker}");
        request.Headers.TransferEncodingChunked = true;
        using var response = await house.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Fact]
    public async Task Host_AsksWhetherWeListen_IsAnswered()
    {
        using var response = await house.Http.GetAsync(house.Address);
        Assert.Equal(house.Pump ? HttpStatusCode.MethodNotAllowed : HttpStatusCode.OK, response.StatusCode);
    }

    private static string Element(string id, int padding = 0) =>
        $$"""{"specversion":"1.0","id":"{{id}}","type":"com.example.FullEvent","source":"/s","data":{"n": 1.0}"""
        + (padding == 0 ? "}" : $",\"dataref\":\"{new string('x', 64)}\"}}".PadRight(padding));

    private async Task<HttpResponseMessage> PostBatchAsync(string broker, params string[] elements)
    {
        using var request = house.Request($"ns/{broker}");
        request.Content = new StringContent(
            $"[{string.Join(',', elements)}]",
            Encoding.UTF8,
            MediaTypeHeaderValue.Parse("application/cloudevents-batch+json; charset=UTF-8"));
        return await house.Http.SendAsync(request);
    }

    private static async Task<JsonElement> ProblemAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        return document.RootElement.Clone();
    }
}
