// What users of other operators complain about, shown not to be so here; docs/operator.md has the whole table.
using System.Globalization;
using ServerlessEventing.Operator.Resources;
using ServerlessEventing.Testing;

namespace ServerlessEventing.Operator.Tests.EndToEnd;

public sealed class ComplaintTests(RestlessHouse restless) : IClassFixture<RestlessHouse>
{
    private const string Calls = "eventing_bus_management_total{";

    private House House => restless.House;

    [Fact]
    public async Task Bus_WhenNothingChanges_IsReadAndNeverWritten()
    {
        var ns = await Channel();
        var topic = $"{ns}.pipe";
        var before = await CallsAsync();
        await Eventually.True(async () => await CallsAsync() > before + 30, "the bus is compared again and again");
        var log = House.Log.Split('\n').Where(line => line.Contains(topic, StringComparison.Ordinal)).ToList();
        Assert.Single(log, line => line.Contains("Made", StringComparison.Ordinal));
        Assert.DoesNotContain(log, line => line.Contains("Updated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Bus_Away_TurnsNoConditionThatWasTrue()
    {
        var ns = await Channel();
        var ready = (await House.Get(Path(ns)))!.Condition("Ready").Text("lastTransitionTime");
        await House.Bus.StopAsync();
        try
        {
            await Eventually.True(
                async () => (await House.Get(Path(ns)))!.Condition("ServiceBusReachable").Text("status") == "False",
                "the Channel says that the bus is away");
        }
        finally
        {
            await House.Bus.StartAgainAsync();
        }

        await Eventually.True(
            async () => (await House.Get(Path(ns)))!.Condition("ServiceBusReachable").Text("status") != "False",
            "the Channel says that the bus is back",
            TimeSpan.FromSeconds(60));
        var after = (await House.Get(Path(ns)))!;
        Assert.True(after.IsReady);
        Assert.Equal(ready, after.Condition("Ready").Text("lastTransitionTime"));
    }

    [Fact]
    public async Task Watch_AfterTheApiServerRestarts_GoesOn()
    {
        await House.RestartApi();
        await Channel();
        using var http = new HttpClient();
        using var health = await http.GetAsync(new Uri(House.Operator.RoutingUri, "/healthz"));
        Assert.True(health.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Events_OfATrigger_TellBothTurns()
    {
        var ns = await House.Namespace("eventing.knative.dev/injection: enabled");
        await House.Ready(House.Broker(ns));
        await House.Apply(
            """
            apiVersion: eventing.knative.dev/v1
            kind: Trigger
            metadata: {name: one}
            spec: {broker: default, subscriber: {ref: {apiVersion: v1, kind: Service, name: late} } }
            """,
            ns);
        await EventSays(ns, "Warning", "NotFound", $"Service {ns}/late does not exist");
        await House.Service(ns, "late");
        await EventSays(ns, "Normal", "TriggerReady", "Trigger one is ready");
    }

    private Task EventSays(string ns, string type, string reason, string part) => Eventually.Passes(async () =>
        Assert.Contains(
            await House.List($"api/v1/namespaces/{ns}/events"),
            item => item.Json.Text("involvedObject", "name") == "one" && item.Json.Text("type") == type
                && item.Json.Text("reason") == reason
                && item.Json.Text("message")!.Contains(part, StringComparison.Ordinal)));

    private async Task<double> CallsAsync()
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(House.Operator.RoutingUri, "/metrics"));
        return text.Split('\n').Where(line => line.StartsWith(Calls, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    private async Task<string> Channel()
    {
        var ns = await House.Namespace();
        await House.Apply(
            "apiVersion: messaging.knative.dev/v1\nkind: ServiceBusChannel\nmetadata: {name: pipe}\nspec: {}", ns);
        await House.Ready(Path(ns));
        return ns;
    }

    private static string Path(string ns) =>
        $"apis/messaging.knative.dev/v1/namespaces/{ns}/servicebuschannels/pipe";
}
