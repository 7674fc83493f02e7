// What of a producer's request goes on with its event: headers of the list, and the trace.
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class HostDoorPropagationTests(HostHouse house) : PropagationTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorPropagationTests(PumpHouse house) : PropagationTests(house), IClassFixture<PumpHouse>;

public abstract class PropagationTests(FunctionsHouse house)
{
    private const string FullEvent = "com.example.FullEvent";

    private static readonly Contract.Routing.Delivery Quick = new()
    {
        Retry = 3,
        BackoffDelay = TimeSpan.FromMilliseconds(20),
        Timeout = TimeSpan.FromSeconds(20),
    };

    [Fact]
    public async Task Headers_OfTheList_GoOnAndNoOthers()
    {
        await using var first = await Subscriber.StartAsync(
            (context, _) => Subscriber.ReplyAsync(context, "com.example.Reply"));
        await using var second = await Subscriber.StartAsync(503, 200);
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, first.Address, e => e with { Filters = FunctionsHouse.TypeIs(FullEvent) });
        await house.AddTriggerAsync(broker, second.Address, e => e with
        {
            Filters = FunctionsHouse.TypeIs("com.example.Reply"),
            Delivery = Quick with { BackoffDelay = TimeSpan.FromSeconds(2.5) },
        });
        await house.SendAsync(
            broker, "e1", FullEvent, ("X-Request-Id", "r1"), ("Knative-Tenant", "t1"), ("X-B3-TraceId", "b1"),
            ("foo", "bar"), ("authorization", "Bearer no"));

        // The second one gets the reply, after a wait on the retries queue.
        await Eventually.True(() => second.Received.Count == 2, "the reply arrives");
        foreach (var got in (Received[])[first.Received[0], .. second.Received])
        {
            Assert.Equal("r1", got.Headers["x-request-id"]);
            Assert.Equal("t1", got.Headers["knative-tenant"]);
            Assert.Equal("b1", got.Headers["x-b3-traceid"]);
            Assert.DoesNotContain(got.Headers.Keys, k => k is "foo" or "authorization");
        }
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", null)]
    [InlineData(null, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("junk", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData(null, null)]
    public async Task Trace_OfTheProducer_GoesOnWithASpanOfEachHop(string? header, string? attribute)
    {
        await using var subscriber = await Subscriber.StartAsync(503, 200);
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address, e => e with { Delivery = Quick });
        List<(string, string)> headers = [];
        if (header is not null)
        {
            headers.AddRange([("traceparent", header), ("tracestate", "vendor=1")]);
        }

        if (attribute is not null)
        {
            headers.Add(("ce-traceparent", attribute));
        }

        await house.SendAsync(broker, "e1", FullEvent, [.. headers]);
        await Eventually.True(() => subscriber.Received.Count == 2, "both tries");
        var hops = subscriber.Received.Select(r => r.Headers["traceparent"]).ToArray();
        Assert.NotEqual(hops[0], hops[1]);
        Assert.All(hops, hop => Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$", hop));
        Assert.All(hops, hop => Assert.DoesNotContain("b7ad6b7169203331", hop, StringComparison.Ordinal));
        Assert.Equal(hops[0][..36], hops[1][..36]);
        if (header is not null || attribute is not null)
        {
            Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", hops[0], StringComparison.Ordinal);
            Assert.EndsWith("-01", hops[0], StringComparison.Ordinal);
        }

        Assert.Equal(attribute, subscriber.Received[0].Attribute("traceparent"));
        Assert.Equal(
            header is not null && header != "junk", subscriber.Received[0].Headers.ContainsKey("tracestate"));
    }
}
