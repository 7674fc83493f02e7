// The document between operator and functions: what an older or newer operator leaves out or adds does no harm.
using System.Text;
using System.Text.Json;
using ServerlessEventing.Contract.Routing;

namespace ServerlessEventing.Contract.Tests.Routing;

public sealed class RoutingTableJsonTests
{
    [Fact]
    public void Table_WithRequiredMembersOnly_HasTheDefaults()
    {
        var table = Read("""
            { "generation": 7,
              "ingresses": [ { "uid": "b", "kind": "Broker", "namespace": "ns", "name": "b",
                               "path": "/ns/b", "topic": "t" } ],
              "egresses": [ { "uid": "e", "kind": "Trigger", "namespace": "ns", "name": "e",
                              "lane": "l", "delivery": {} } ],
              "schedules": [ { "uid": "s", "generation": 1, "cron": "* * * * *", "type": "t", "source": "/s",
                               "since": "2026-01-01T00:00:00Z" } ],
              "pressure": {} }
            """);
        Assert.Empty(table.Ingresses[0].Hosts);
        Assert.Empty(table.Ingresses[0].Lanes);
        Assert.Empty(table.Egresses[0].Filters);
        Assert.Equal(TimeSpan.FromSeconds(60), table.Egresses[0].Delivery.Timeout);
        Assert.Equal("UTC", table.Schedules[0].TimeZone);
        Assert.Empty(table.Schedules[0].Attributes);
        Assert.Empty(table.Pressure.Lanes);
        Assert.Equal(new Pressure().RetryAfterSeconds, table.Pressure.RetryAfterSeconds);
    }

    [Fact]
    public void Table_Empty_IsATable()
    {
        var table = Read("{}");
        Assert.Empty(table.Ingresses);
        Assert.Empty(table.Egresses);
        Assert.Empty(table.Schedules);
        Assert.Empty(table.Pressure.Lanes);
    }

    [Fact]
    public void Table_WithMembersOfALaterVersionAtEveryLevel_IsReadAsWithoutThem()
    {
        const string Full = """
            { LATER "generation": 7, "minReader": 1, "pressure": { LATER "lanes": ["eventing-triggers"] },
              "ingresses": [ { LATER "uid": "b", "kind": "Broker", "namespace": "ns", "name": "b",
                               "path": "/ns/b", "topic": "t", "hosts": ["h"] } ],
              "egresses": [ { LATER "uid": "e", "kind": "Trigger", "namespace": "ns", "name": "e", "lane": "l",
                              "dedicated": { LATER "group": "g", "topic": "t", "subscription": "s" },
                              "destination": { LATER "uri": "http://d" }, "reply": { LATER "uri": "http://r" },
                              "deadLetterSink": { LATER "uri": "http://s" },
                              "filters": [ { LATER "not": { LATER "exact": { "type": "a" } } } ],
                              "delivery": { LATER "retry": 3 } } ],
              "schedules": [ { LATER "uid": "s", "generation": 1, "cron": "* * * * *", "type": "t",
                               "source": "/s", "since": "2026-01-01T00:00:00Z" } ] }
            """;
        const string Later = "\"weather\": { \"is\": [\"fine\", { \"by\": 1.5 }] }, \"later\": null,";
        var with = Read(Full.Replace("LATER", Later, StringComparison.Ordinal));
        var without = Read(Full.Replace("LATER", "", StringComparison.Ordinal));
        Assert.Equal(7, with.Generation);
        Assert.Equal(RoutingTableJson.Serialize(without), RoutingTableJson.Serialize(with));
    }

    [Fact]
    public void Table_ForALaterReader_IsRefused() =>
        Assert.Throws<NotSupportedException>(() => Read("""{ "generation": 7, "minReader": 2 }"""));

    [Fact]
    public void Table_WithoutARequiredMember_IsRefusedWithItsName()
    {
        var refused = Assert.Throws<JsonException>(() => Read("""{ "egresses": [ { "uid": "e" } ] }"""));
        Assert.Contains("lane", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Table_Written_ReadsBackTheSame()
    {
        var bytes = RoutingTableJson.Serialize(Read("""
            { "generation": 7, "pressure": { "lanes": ["eventing-triggers"], "retryAfterSeconds": 9 } }
            """));
        Assert.Equal(bytes, RoutingTableJson.Serialize(RoutingTableJson.Deserialize(bytes)));
    }

    private static RoutingTable Read(string json) => RoutingTableJson.Deserialize(Encoding.UTF8.GetBytes(json));
}
