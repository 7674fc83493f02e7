// Ticks of cron sources from the table to their sinks, through both doors.
using System.Net;
using System.Text;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Sources;

public sealed class HostDoorCronSourceTests(HostHouse house) : CronSourceTests(house), IClassFixture<HostHouse>
{
    [Fact]
    public async Task Timer_Invoked_AnswersWithABodyAndClientsGet404()
    {
        using var invoked = await Host.Http.PostAsync(new Uri(Host.Address, "CronSource"), new StringContent("{}"));
        Assert.Equal(HttpStatusCode.OK, invoked.StatusCode);
        Assert.NotEmpty(await invoked.Content.ReadAsStringAsync());
        using var request = Host.Request("CronSource");
        using var refused = await Host.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
    }
}

public sealed class PumpDoorCronSourceTests(PumpHouse house) : CronSourceTests(house), IClassFixture<PumpHouse>;

public abstract class CronSourceTests(FunctionsHouse house)
{
    protected FunctionsHouse Host => house;

    [Fact]
    public async Task Tick_ArrivesWithEveryAttributeAtItsTime()
    {
        await using var sink = await Subscriber.StartAsync();
        await house.AddSourceAsync(To(sink), schedule => schedule with
        {
            Cron = "* * * * * *",
            ContentType = "application/json",
            Data = Encoding.UTF8.GetBytes("{\"n\": 1.0}"),
            Attributes = new Dictionary<string, string> { ["region"] = "north" },
        });
        await Eventually.True(() => sink.Received.Count >= 3, "three ticks arrive");

        var tick = sink.Received[0];
        Assert.Equal("1.0", tick.Attribute("specversion"));
        Assert.Equal("dev.knative.sources.ping", tick.Attribute("type"));
        Assert.StartsWith("/apis/v1/namespaces/ns/pingsources/", tick.Attribute("source"), StringComparison.Ordinal);
        Assert.Equal("north", tick.Attribute("region"));
        Assert.Equal("application/json", tick.Headers["Content-Type"]);
        Assert.Equal("{\"n\": 1.0}", Encoding.UTF8.GetString(tick.Body));
        Assert.Matches("^[0-9-]{10}T[0-9:]{8}Z$", tick.Attribute("time"));
        Assert.True(Guid.TryParse(tick.Attribute("id"), out _));
        Assert.False(tick.Headers.ContainsKey("Prefer"));
        Assert.Distinct(sink.Received.Select(received => received.Attribute("id")));
    }

    [Fact]
    public async Task Sink_IsABroker_TickCrossesItToTheTrigger()
    {
        await using var subscriber = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.AddTriggerAsync(broker, subscriber.Address);
        var sink = new Destination { Uri = $"http://{broker}", Topic = FunctionsHouse.ReplyTopic(broker) };
        await house.AddSourceAsync(sink, schedule => schedule with { Cron = "* * * * * *" });
        await Eventually.True(() => subscriber.Received.Count > 0, "a tick arrives");
        Assert.Equal("dev.knative.sources.ping", subscriber.Received[0].Attribute("type"));
    }

    [Fact]
    public async Task Sink_FailsThenTakes_TickIsTriedAgainWithTheSameId()
    {
        await using var sink = await Subscriber.StartAsync(503, 503, 202);
        var (schedule, egress) = await house.AddSourceAsync(
            To(sink), made => made with { Cron = "* * * * * *" });
        await Eventually.True(() => sink.Received.Count >= 3, "it is tried until taken");
        var first = sink.Received.GroupBy(received => received.Attribute("id")).First(tries => tries.Count() > 1);
        Assert.Single(first.Select(received => received.Attribute("time")).Distinct());
        await house.RemoveAsync(schedule, egress);
    }

    [Fact]
    public async Task Source_Edited_OldTicksStopWhereTheNewBegin()
    {
        await using var sink = await Subscriber.StartAsync();
        var (schedule, _) = await house.AddSourceAsync(To(sink), made => made with
        {
            Cron = "* * * * * *",
            Data = [(byte)'1'],
        });
        await Eventually.True(() => sink.Received.Count >= 1, "the first generation ticks");
        var edited = schedule with
        {
            Generation = 2,
            Since = TimeProvider.System.GetUtcNow().AddSeconds(3),
            Data = [(byte)'2'],
        };
        await house.ChangeAsync(edited);
        await Eventually.True(() => sink.Received.Count(received => received.Body[0] == '2') >= 2, "the second ticks");

        var ticks = sink.Received
            .Select(received => (At: DateTimeOffset.Parse(
                received.Attribute("time")!, System.Globalization.CultureInfo.InvariantCulture), received.Body))
            .OrderBy(tick => tick.At).ToList();
        Assert.All(ticks, tick => Assert.Equal(tick.At < edited.Since ? '1' : '2', (char)tick.Body[0]));
        Assert.Equal(ticks.Count, (int)(ticks[^1].At - ticks[0].At).TotalSeconds + 1);
    }

    [Fact]
    public async Task Source_Deleted_PlannedTicksAreDiscarded()
    {
        await using var sink = await Subscriber.StartAsync();
        var (schedule, egress) = await house.AddSourceAsync(To(sink), made => made with { Cron = "* * * * * *" });
        await Eventually.True(() => sink.Received.Count >= 1, "it ticks");
        await house.RemoveAsync(schedule, egress);

        // What another source gets afterwards has passed the same lane.
        await using var fence = await Subscriber.StartAsync();
        await house.AddSourceAsync(To(fence), made => made with { Cron = "* * * * * *" });
        await Eventually.True(() => fence.Received.Count >= 1, "the lane goes on");
        var count = sink.Received.Count;
        var seen = fence.Received.Count;
        await Eventually.True(() => fence.Received.Count > seen, "a second more");
        Assert.Equal(count, sink.Received.Count);
    }

    [Fact]
    public async Task Sink_FailsForGood_TickIsInTheDeadLetters()
    {
        await using var sink = await Subscriber.StartAsync(400);
        var (schedule, egress) = await house.AddSourceAsync(To(sink), made => made with { Cron = "* * * * * *" });
        await Eventually.True(
            async () => (await house.Bus.DeadLettersOfAsync(egress.Uid)).Count > 0, "it is in the dead letters");
        var letter = (await house.Bus.DeadLettersOfAsync(egress.Uid))[0];
        Assert.Equal(EntityNames.SourcesLane, letter.ApplicationProperties[MessageProperties.Lane]);
        await house.RemoveAsync(schedule, egress);
    }

    private static Destination To(Subscriber sink) => new() { Uri = sink.Address.ToString() };
}
