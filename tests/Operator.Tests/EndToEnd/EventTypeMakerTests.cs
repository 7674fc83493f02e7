// EventTypes made of what the functions report, when that is switched on.
using System.Net;
using System.Net.Http.Headers;
using ServerlessEventing.Contract.Routing;
using ServerlessEventing.Operator.Leadership;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class EventTypeMakerTests : IAsyncLifetime
{
    private readonly HttpClient _http = new();
    private readonly House _house = new() { Settings = options => options with { MakesEventTypes = true } };

    [Fact]
    public async Task Types_Reported_BecomeEventTypesOnceEach()
    {
        var (ns, broker) = await BrokerAsync();
        SeenEventType[] seen =
        [
            new(broker.Uid, "com.example.made", "/shop", "http://schema.example/made"),
            new(broker.Uid, "com.example.made", "/shop"),
            new(broker.Uid, "com.example.Sent", "/shop"),
            new("nobody", "com.example.lost", "/shop"),
            new(broker.Uid, new string('x', 5000), "/shop"),
        ];
        await ReportAsync(seen);
        await ReportAsync(seen);
        // Handled in order: once this one is there, all before it have been.
        await ReportAsync(new SeenEventType(broker.Uid, "com.example.last", "/shop"));
        await Eventually.True(async () => (await TypesAsync(ns)).Any(type => Type(type) == "com.example.last"), "all");

        var types = await TypesAsync(ns);
        Assert.Equal(
            ["com.example.Sent", "com.example.last", "com.example.made"],
            types.Select(Type).Order(StringComparer.Ordinal));
        var made = types.Single(type => Type(type) == "com.example.made");
        // As Knative names it: md5 of type, source, namespace and name.
        Assert.Matches("^et-default-[0-9a-f]{32}$", made.Name);
        Assert.Equal("/shop", made.Spec.Text("source"));
        Assert.Equal("http://schema.example/made", made.Spec.Text("schema"));
        Assert.Equal("Broker", made.Spec.Text("reference", "kind"));
        Assert.Equal("default", made.Spec.Text("reference", "name"));
        Assert.Equal(
            ["type com.example.made", "source /shop", "specversion ", "id "],
            made.Spec.Items("attributes").Select(item => $"{item.Text("name")} {item.Text("value")}"));
        await _house.Ready(Path(ns, made.Name));

        // They go with their Broker.
        await _house.Delete(House.Broker(ns));
        await Eventually.True(async () => (await TypesAsync(ns)).Count == 0, "none is left");
    }

    [Fact]
    public async Task Types_DescribedAlready_AreNotMadeAgain()
    {
        var (ns, broker) = await BrokerAsync();
        await _house.Apply(
            """
            apiVersion: eventing.knative.dev/v1beta2
            kind: EventType
            metadata: {name: by-hand}
            spec: {type: com.example.known, source: /shop, broker: default}
            """,
            ns);
        await _house.Ready(Path(ns, "by-hand"));
        await ReportAsync(
            new SeenEventType(broker.Uid, "com.example.known", "/shop"),
            new SeenEventType(broker.Uid, "com.example.known", "/other"));
        await Eventually.True(async () => (await TypesAsync(ns)).Count == 2, "the other source is described");
        Assert.Equal(["/other", "/shop"], (await TypesAsync(ns)).Select(type => type.Spec.Text("source")).Order());
    }

    // What Service Bus forwards from the reply topic came in by a Channel of the Broker's own.
    [Fact]
    public async Task Types_OfChannels_BelongToThemAndOfReplies_ToTheBroker()
    {
        var (ns, _) = await BrokerAsync();
        var replies = await _house.Ready(
            $"apis/eventing.knative.dev/v1alpha1/namespaces/{ns}/channels/default-kn-ingress");
        await _house.Apply(
            "apiVersion: messaging.knative.dev/v1\nkind: ServiceBusChannel\nmetadata: {name: pipe}\nspec: {}", ns);
        var channel = await _house.Ready($"apis/messaging.knative.dev/v1/namespaces/{ns}/servicebuschannels/pipe");
        await ReportAsync(
            new SeenEventType(replies.Uid, "com.example.reply", "/shop"),
            new SeenEventType(channel.Uid, "com.example.piped", "/shop"));
        await Eventually.True(async () => (await TypesAsync(ns)).Count == 2, "both are described");
        Assert.Equal(
            ["com.example.piped ServiceBusChannel pipe", "com.example.reply Broker default"],
            (await TypesAsync(ns)).Select(type => $"{Type(type)} {type.Spec.Text("reference", "kind")} "
                + type.Spec.Text("reference", "name")).Order());
    }

    [Fact]
    public async Task Report_ThatIsNone_IsRefused()
    {
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync("{"u8.ToArray()));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync("""{"types":[{"type":"a"}]}"""u8.ToArray()));
        Assert.Equal(
            HttpStatusCode.RequestEntityTooLarge, await PostAsync(new byte[EventTypeReport.MaxBytes + 1]));
        var many = Enumerable.Range(0, EventTypeReport.MaxTypes + 1)
            .Select(n => new SeenEventType("u", "t", $"/{n}")).ToList();
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(new EventTypeReport { Types = many }.ToUtf8()));
    }

    [Fact]
    public async Task Operator_NotSwitchedOn_DoesNotAskAndTakesNoReport()
    {
        Assert.Equal("eventtypes", await AskedAsync());
        await _house.Restart(options => options with { MakesEventTypes = false });
        Assert.Null(await AskedAsync());
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(new EventTypeReport().ToUtf8()));
    }

    [Fact]
    public async Task Standby_Asked_PassesTheReportOnToTheLeader()
    {
        var (ns, broker) = await BrokerAsync();
        await _house.Restart(Replica("one"));
        await Eventually.True(() => _house.Operator.IsLeader, "one leads");
        await using var standby = await OperatorApplication.StartAsync(
            Replica("two")(_house.Settings(_house.Options)), default);
        Assert.False(standby.IsLeader);
        var report = new EventTypeReport { Types = [new(broker.Uid, "com.example.made", "/shop")] };
        using var poll = await _http.GetAsync(standby.RoutingUri);
        Assert.Equal("eventtypes", poll.Headers.GetValues(EventTypeReport.AskedBy).Single());
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(report.ToUtf8(), standby.RoutingUri));
        await Eventually.True(async () => (await TypesAsync(ns)).Count == 1, "the leader made it");

        static Func<OperatorOptions, OperatorOptions> Replica(string name) => options => options with
        {
            Leader = new LeaderOptions { Identity = name, LeaseDuration = TimeSpan.FromSeconds(3) },
        };
    }

    public ValueTask InitializeAsync() => _house.InitializeAsync();

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return _house.DisposeAsync();
    }

    private async Task<(string Namespace, Resource Broker)> BrokerAsync()
    {
        var ns = await _house.Namespace("eventing.knative.dev/injection: enabled");
        return (ns, await _house.Ready(House.Broker(ns)));
    }

    private async Task ReportAsync(params SeenEventType[] types) => Assert.Equal(
        HttpStatusCode.Accepted, await PostAsync(new EventTypeReport { Types = types }.ToUtf8()));

    private async Task<HttpStatusCode> PostAsync(byte[] body, Uri? table = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await _http.PostAsync(
            new Uri(table ?? _house.Operator.RoutingUri, "eventtypes"), content);
        return answer.StatusCode;
    }

    private async Task<string?> AskedAsync()
    {
        using var answer = await _http.GetAsync(_house.Operator.RoutingUri);
        return answer.Headers.TryGetValues(EventTypeReport.AskedBy, out var values) ? values.Single() : null;
    }

    private Task<IReadOnlyList<Resource>> TypesAsync(string ns) =>
        _house.List($"apis/eventing.knative.dev/v1beta2/namespaces/{ns}/eventtypes");

    private static string Type(Resource eventType) => eventType.Spec.Text("type")!;

    private static string Path(string ns, string name) =>
        $"apis/eventing.knative.dev/v1beta2/namespaces/{ns}/eventtypes/{name}";
}
