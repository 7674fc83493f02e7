// Knative's own tables of filters, end to end: many Triggers on one Broker, and each dialect.
using ServerlessEventing.Contract.Filters;
using ServerlessEventing.Contract.Names;
using ServerlessEventing.Functions.Tests.House;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Functions.Tests.Delivery;

public sealed class HostDoorFilterConformanceTests(HostHouse house)
    : FilterConformanceTests(house), IClassFixture<HostHouse>;

public sealed class PumpDoorFilterConformanceTests(PumpHouse house)
    : FilterConformanceTests(house), IClassFixture<PumpHouse>;

public abstract class FilterConformanceTests(FunctionsHouse house)
{
    private const string All = "exact.prefix.suffix.event.type";

    private static readonly FilterExpression[] EveryOne =
    [
        Exact("type", All),
        Prefix("type", "exact.prefix"),
        Suffix("type", "suffix.event.type"),
        CeSql("type LIKE 'exact.prefix.suffix%'"),
    ];

    private static readonly FilterExpression[] AnyOne =
    [
        Exact("type", "exact.event.type"),
        Prefix("type", "prefix"),
        Suffix("type", "suffix"),
        new() { Not = CeSql("type LIKE '%event.type%'") },
        CeSql("type = 'cesql.event.type'"),
    ];

    /// <summary>Feature, its filters, the types that arrive, and those that do not.</summary>
    private static readonly (string Name, FilterExpression[] Filters, string[] Pass, string[] Fail)[] Features =
    [
        ("Exact", [Exact("type", "full")], ["full"], ["org.wrong.type"]),
        ("Prefix", [Prefix("type", "fu")], ["full"], ["org.wrong.type"]),
        ("Suffix", [Suffix("type", "ll")], ["full"], ["org.wrong.type"]),
        ("CESQL", [CeSql("type = 'full' AND source = '/tests'")], ["full"], ["org.wrong.type"]),
        ("Any", [new() { Any = AnyOne }],
            ["exact.event.type", "prefix.event.type", "event.type.suffix", "not.type.event", "cesql.event.type"],
            ["not.event.type"]),
        ("AnyMultipleExact",
            [new() { Any = [Exact("type", "dev.update"), Exact("type", "dev.add"), Exact("type", "dev.delete")] }],
            ["dev.update", "dev.add", "dev.delete"], ["prefix.event.type"]),
        ("All", [new() { All = EveryOne }], [All],
            ["not.event.type", "exact.prefix.suffix.event", "exact.prefix.suffix.event.suffix.event.type"]),
        ("MultipleFilters", EveryOne, [All],
            ["not.event.type", "exact.prefix.suffix.event", "exact.prefix.suffix.event.suffix.event.type"]),
        ("MultipleTriggersAndSinks1", [new() { Any = [Exact("type", "type1"), Prefix("type", "both")] }],
            ["type1", "both.should.match"], ["type2", "type3"]),
        ("MultipleTriggersAndSinks2", [new() { Any = [Exact("type", "type2"), Prefix("type", "both")] }],
            ["type2", "both.should.match"], ["type1", "type3"]),
    ];

    /// <summary>Trigger and its attributes, * is any value.</summary>
    private static readonly (string Name, string Attributes)[] Many =
    [
        ("1", "type=* source=*"), ("12", "type=type1 source=*"), ("123", "type=* source=source1"),
        ("1234", "type=type1 source=source1"), ("b12345", "e1=v1"), ("b123456", "e1=v1 e2=v2"), ("b1234567", "e2=v2"),
        ("b654321", "type=type1 e1=v1"), ("b54321", "e1=*"), ("b4321", "source=s1 e1=v1"),
        ("b321", "source=s1 e1=v1 e2=v2"), ("b21", "source=s2 e1=v1 e2=v1"),
    ];

    /// <summary>Event, its attributes, and who gets it besides 1, which gets everything.</summary>
    private static readonly (string Id, string Attributes, string Receivers)[] ManyEvents =
    [
        ("A1", "type=type1 source=source1", "12 123 1234"),
        ("A2", "type=type1 source=source2", "12"),
        ("A3", "type=type2 source=source1", "123"),
        ("A4", "type=type2 source=source2", ""),
        ("B1", "type=type1 source=s1 e1=v1", "12 b12345 b654321 b54321 b4321"),
        ("B2", "type=type1 source=s1 e1=v1 e2=v2", "12 b12345 b123456 b1234567 b654321 b54321 b4321 b321"),
        ("B3", "type=type1 source=s1 e2=v2", "12 b1234567"),
        ("B4", "type=type1 source=s2 e1=v1", "12 b12345 b654321 b54321"),
        ("B5", "type=type2 source=s1 e1=other", "b54321"),
        ("B6", "type=type2 source=s2 other=v1", ""),
        ("B7", "type=type2 source=s2 e1=v1 e2=v2", "b12345 b123456 b1234567 b54321"),
        ("B8", "type=type2 source=s2 e1=v1 other=v2", "b12345 b54321"),
    ];

    [Fact]
    public async Task NewTriggerFilters()
    {
        await using var sink = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.TogetherAsync(async () =>
        {
            foreach (var (name, filters, _, _) in Features)
            {
                await house.AddTriggerAsync(
                    broker, new(sink.Address, name), e => e with { Filters = filters });
            }
        });
        string[] types = [.. Features.SelectMany(f => (string[])[.. f.Pass, .. f.Fail]).Distinct()];
        foreach (var type in types)
        {
            await house.SendAsync(broker, type, type);
        }

        await DoneAsync(sink, Features.Sum(feature => feature.Pass.Length));
        foreach (var (name, _, pass, fail) in Features)
        {
            var got = sink.Received.Where(r => r.Path == "/" + name).Select(r => r.Attribute("type")!).ToList();
            Assert.Equal(got.Distinct().Count(), got.Count);
            Assert.Superset(pass.ToHashSet(), got.ToHashSet());
            Assert.Empty(got.Intersect(fail));
        }
    }

    [Fact]
    public async Task MissingAttributes()
    {
        await using var sink = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        FilterExpression[] all =
        [
            Exact("extensionattribute", "extensionvalue"),
            Prefix("extensionattribute", "extension"),
            Suffix("extensionattribute", "value"),
            CeSql("extensionattribute LIKE '%value'"),
        ];
        await house.TogetherAsync(async () =>
        {
            await house.AddTriggerAsync(
                broker, new(sink.Address, "has"), e => e with { Filters = [new() { All = all }] });
            await house.AddTriggerAsync(broker, new(sink.Address, "every"));
        });
        await house.SendAsync(broker, "without");
        await house.SendAsync(broker, "with", headers: ("ce-extensionattribute", "extensionvalue"));
        await DoneAsync(sink, 3);
        Assert.Equal("with", Assert.Single(sink.Received, r => r.Path == "/has").Attribute("id"));
    }

    [Fact]
    public async Task ManyTriggers()
    {
        await using var sink = await Subscriber.StartAsync();
        var broker = await house.AddBrokerAsync();
        await house.TogetherAsync(async () =>
        {
            foreach (var (name, attributes) in Many)
            {
                var filter = new FilterExpression
                {
                    Attributes = Read(attributes).ToDictionary(a => a.Name, a => a.Value == "*" ? "" : a.Value),
                };
                await house.AddTriggerAsync(broker, new(sink.Address, name), e => e with { Filters = [filter] });
            }
        });
        foreach (var (id, attributes, _) in ManyEvents)
        {
            using var request = house.Request($"ns/{broker}", id);
            foreach (var (name, value) in Read(attributes))
            {
                request.Headers.Remove("ce-" + name);
                request.Headers.Add("ce-" + name, value);
            }

            using var response = await house.Http.SendAsync(request);
        }

        string[] Receivers(string text) => ["1", .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        await DoneAsync(sink, ManyEvents.Sum(e => Receivers(e.Receivers).Length));
        foreach (var (id, _, receivers) in ManyEvents)
        {
            Assert.Equal(
                Receivers(receivers).Order(),
                sink.Received.Where(r => r.Attribute("id") == id).Select(r => r.Path[1..]).Order());
        }
    }

    private async Task DoneAsync(Subscriber sink, int deliveries)
    {
        await Eventually.True(() => sink.Received.Count >= deliveries, "every event arrives");
        await Eventually.True(() => house.Bus.IsEmptyAsync(EntityNames.TriggersLane), "nothing else comes");
    }

    private static IEnumerable<(string Name, string Value)> Read(string attributes) =>
        attributes.Split(' ').Select(pair => pair.Split('=')).Select(pair => (pair[0], pair[1]));

    private static FilterExpression Exact(string name, string value) =>
        new() { Exact = new Dictionary<string, string> { [name] = value } };

    private static FilterExpression Prefix(string name, string value) =>
        new() { Prefix = new Dictionary<string, string> { [name] = value } };

    private static FilterExpression Suffix(string name, string value) =>
        new() { Suffix = new Dictionary<string, string> { [name] = value } };

    private static FilterExpression CeSql(string expression) => new() { CeSql = expression };
}
